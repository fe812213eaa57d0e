// Numbers of JSON as decimals: exact, or not at all.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unscaledOf } from '../../src/export/tokens.js';

const of = (text: string, scale: number, precision = 38) => unscaledOf(text, { precision, scale });

describe('a number as a decimal', () => {
  test('is the same number, however it is written', () => {
    for (const text of ['1.1', '1.10', '11e-1', '0.011E+2', '1.1000e0', '110.0e-2'])
      expect(of(text, 2)).toBe(110n);
    for (const text of ['0', '-0', '0.000', '0e999999', '-0.0E-7']) expect(of(text, 2)).toBe(0n);
    expect(of('-256904871143278.19', 2)).toBe(-25_690_487_114_327_819n);
  });

  test('is none where digits would be lost', () => {
    for (const text of ['1.101', '1e-3', '0.001', '15e-3']) expect(of(text, 2)).toBeNull();
    expect(of('1e400', 2)).toBeNull();
    expect(of('1'.repeat(37), 2)).toBeNull();
    expect(of('12.34', 2, 3)).toBeNull();
  });

  test('is what whole numbers say, for any digits, scale and place of the point', () => {
    const whole = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    fc.assert(
      fc.property(whole, fc.nat(15), fc.integer({ min: -10, max: 10 }), (value, scale, shift) => {
        // value / 10^scale, its point moved by `shift` and back by the exponent
        const digits = (value < 0n ? -value : value).toString().padStart(scale + 30, '0');
        const point = digits.length - scale + shift;
        const all = `${digits}${'0'.repeat(10)}`;
        const text = `${value < 0n ? '-' : ''}${all.slice(0, point)}.${all.slice(point)}0e${-shift}`;
        expect(of(text, scale)).toBe(value);
      }),
    );
  });
});
