// Names in an archive: safe for any stream, different for different ones, and in the order of their numbers.
import { describe, expect, test } from 'vitest';
import { folderName, isSegmentName, ordinal, segmentName } from '../../src/archive/layout.js';

describe('folderName', () => {
  test.for(['contacts', 'public.orders', 'a_b-c', '0', '_x', 'x'.repeat(100)])('keeps %s', (name) => {
    expect(folderName(name)).toBe(name);
  });

  test.for([
    'Contacts',
    'a/b',
    '..',
    '.work',
    '',
    'manifest.json',
    'a--b',
    '-a',
    'a.',
    'x'.repeat(101),
    '目録',
    'a\0b',
  ])('replaces %j by a safe name', (name) => {
    expect(folderName(name)).toMatch(/^[a-z0-9_-]{0,60}--[0-9a-f]{32}$/);
  });

  test('gives different names to different texts, also where case does not count', () => {
    const texts = [
      'A',
      'a',
      'Ab',
      'aB',
      'AB',
      'a b',
      'a/b',
      'a\\b',
      'a:b',
      'é',
      'e\u0301',
      '\ud800',
      '\ud801',
      '\ufffd',
    ];
    const names = texts.flatMap((text) => [text, folderName(text)]).map(folderName);
    const all = new Set(names.map((name) => name.toLowerCase()));
    expect(all.size).toBe(texts.length * 2 - texts.filter((text) => folderName(text) === text).length);
  });

  test('cannot be made to meet another name by naming a stream as one', () => {
    const taken = folderName('Contacts');
    expect(folderName(taken)).not.toBe(taken);
  });
});

test('ordinals sort as their numbers do', () => {
  const numbers = [0, 9, 10, 999_999, 1_000_000, 9_999_999, 10_000_000, 123_456_789];
  expect(numbers.map(ordinal).toSorted()).toEqual(numbers.map(ordinal));
});

test('knows the names of segments from all others', () => {
  const token = '0123456789abcdef';
  expect(segmentName(7, token, 'jsonl', 'zstd')).toBe('000007-0123456789abcdef.jsonl.zst');
  expect(segmentName(7, token, 'csv', 'gzip')).toBe('000007-0123456789abcdef.csv.gz');
  for (const seq of [0, 1_000_000])
    expect(isSegmentName(segmentName(seq, token, 'jsonl', 'none'))).toBe(true);
  for (const name of ['README.md', 'data.jsonl.zst', '000007-xyz.jsonl', 'manifest.json']) {
    expect(isSegmentName(name)).toBe(false);
  }
});
