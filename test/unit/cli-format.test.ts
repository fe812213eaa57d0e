// Figures as people read them.
import { describe, expect, it } from 'vitest';
import { bytes, duration, table } from '../../src/cli/format.js';

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_536, '1.5 KiB'],
    [411_000_000, '392.0 MiB'],
  ])('%d bytes are %s', (n, text) => {
    expect(bytes(n)).toBe(text);
  });

  it.each([
    [0.84, '0.8 s'],
    [59.4, '59 s'],
    [59.6, '1 m 00 s'],
    [185, '3 m 05 s'],
    [7_620, '2 h 07 m'],
    [273_600, '3 d 04 h'],
  ])('%d seconds are %s', (n, text) => {
    expect(duration(n)).toBe(text);
  });

  it('stand in columns as wide as their widest cell', () => {
    expect(
      table(
        ['ID', 'STATE'],
        [
          ['backup-1', 'running'],
          ['b', 'failed'],
        ],
      ),
    ).toEqual(['ID        STATE', 'backup-1  running', 'b         failed']);
  });
});
