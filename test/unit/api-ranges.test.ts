// What range and conditional headers ask for, by the words of RFC 9110.
import { describe, expect, it } from 'vitest';
import { hasFile, isRangeOf, rangeOf } from '../../src/api/ranges.js';

describe('a range', () => {
  it.each([
    ['bytes=0-0', 10, { start: 0, end: 1 }],
    ['bytes=0-9', 10, { start: 0, end: 10 }],
    ['bytes=0-99', 10, { start: 0, end: 10 }],
    ['bytes=9-', 10, { start: 9, end: 10 }],
    ['bytes=-3', 10, { start: 7, end: 10 }],
    ['bytes=-99', 10, { start: 0, end: 10 }],
    ['Bytes=2-4', 10, { start: 2, end: 5 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=10-20', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-5', 0, 'unsatisfiable'],
    ['bytes=99999999999999999999-', 10, 'unsatisfiable'],
    [undefined, 10, null],
    ['', 10, null],
    ['bytes=-', 10, null],
    ['bytes=4-2', 10, null],
    ['bytes=0-1,3-4', 10, null],
    ['records=0-1', 10, null],
    ['bytes=a-b', 10, null],
    ['bytes=0x1-2', 10, null],
  ])('%s of %i bytes is %j', (header, size, expected) => {
    expect(rangeOf(header, size)).toEqual(expected);
  });
});

describe('If-Range', () => {
  it.each([
    [undefined, true],
    ['"abc"', true],
    ['"abd"', false],
    ['W/"abc"', false],
    ['Wed, 21 Oct 2015 07:28:00 GMT', false],
  ])('%s holds for "abc": %s', (header, expected) => {
    expect(isRangeOf(header, '"abc"')).toBe(expected);
  });
});

describe('If-None-Match', () => {
  it.each([
    [undefined, false],
    ['"abc"', true],
    ['W/"abc"', true],
    ['"x", "abc"', true],
    ['*', true],
    ['"x"', false],
    ['abc', false],
  ])('%s has "abc": %s', (header, expected) => {
    expect(hasFile(header, '"abc"')).toBe(expected);
  });
});
