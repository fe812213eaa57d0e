// Keys are read out of records as they stand, and put into one total order in which numbers compare exactly.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Payload } from '../../src/core/connector.js';
import { compareKeys, keyReader, sortable, type Key } from '../../src/records/keys.js';
import { membersOf, pickMembers } from '../../src/records/members.js';
import { headerLine } from '../../src/records/csv.js';

const jsonl: Payload = { format: 'jsonl', chunks: [] };
const csv = (...names: string[]): Payload => ({ format: 'csv', header: headerLine(names), chunks: [] });
const read = (payload: Payload, fields: readonly string[], record: string): Key =>
  keyReader(payload, fields)(Buffer.from(record));

const digits = fc.stringMatching(/^\d{1,40}$/);
const number = fc
  .tuple(fc.constantFrom('', '-'), digits, fc.option(digits))
  .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}`);
const field = fc.oneof(
  fc.constant(null),
  number,
  fc.constantFrom(
    '',
    '-',
    '.5',
    '1.',
    '+1',
    '1e3',
    '0x1',
    ' 1',
    'NaN',
    '\u0000',
    'a\u0000',
    'a\u0000b',
    '\uffff',
    '😀',
  ),
  fc.string({ unit: 'grapheme' }),
);
const keyOf = (most: number) => fc.array(field, { minLength: 1, maxLength: most });

/** The same by arithmetic: both are scaled to integers. */
function compareNumbers(a: string, b: string): number {
  const places = Math.max(...[a, b].map((text) => (text.split('.')[1] ?? '').length));
  const [x, y] = [a, b].map((text) => {
    const [whole, fraction = ''] = text.split('.');
    return BigInt(`${whole}${fraction.padEnd(places, '0')}`);
  });
  return x! < y! ? -1 : Number(x! > y!);
}

describe('the order of keys', () => {
  test('is that of the values for decimal numbers of any length, sign and fraction', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(compareKeys([a], [b])).toBe(compareNumbers(a, b));
      }),
      { numRuns: 2_000 },
    );
    expect(compareKeys(['9007199254740993'], ['9007199254740992'])).toBe(1);
    expect(compareKeys(['007'], ['7.00'])).toBe(0);
    expect(compareKeys(['-0'], ['0.0'])).toBe(0);
  });

  test('is that of the code points for other texts', () => {
    const text = fc.string({ unit: 'binary' }).filter((each) => !/^-?\d+(\.\d+)?$/.test(each));
    const points = (each: string) => Array.from(each, (point) => point.codePointAt(0)!);
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [left, right] = [points(a), points(b)];
        const at = left.findIndex((point, index) => point !== right[index]);
        const expected = at === -1 ? left.length - right.length : left[at]! - (right[at] ?? -1);
        expect(compareKeys([a], [b])).toBe(Math.sign(expected));
      }),
    );
  });

  test('is total, whatever the fields mix', () => {
    fc.assert(
      fc.property(keyOf(3), keyOf(3), keyOf(3), (a, b, c) => {
        expect(compareKeys(a, a)).toBe(0);
        expect(compareKeys(a, b) + compareKeys(b, a)).toBe(0);
        const [x, y, z] = [a, b, c].toSorted(compareKeys);
        expect(compareKeys(x!, z!)).toBe(Math.min(compareKeys(x!, y!), compareKeys(y!, z!)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('goes field by field, and a key comes before all that it begins', () => {
    fc.assert(
      fc.property(keyOf(3), field, field, (key, a, b) => {
        expect(compareKeys([...key, a], [...key, b])).toBe(compareKeys([a], [b]));
        expect(compareKeys(key, [...key, a])).toBe(-1);
        expect(sortable([...key, a]).subarray(0, sortable(key).length)).toEqual(sortable(key));
      }),
    );
  });

  test('has null first, then numbers, then texts', () => {
    const sorted: Key[] = [[null], ['-10'], ['-9.5'], ['0'], ['10'], [''], ['+1'], ['.5'], ['1e3'], ['a']];
    expect(sorted.toReversed().toSorted(compareKeys)).toEqual(sorted);
  });
});

describe('the key of a record', () => {
  test('is the text of a JSON value as it stands, and null where there is none', () => {
    const record = String.raw`{"id":9007199254740993.10,"name":"a\u0062\/\ud83d\ude00","on":true,"no":null,"in":{"a": [1]}}`;
    const fields = ['id', 'name', 'on', 'no', 'in', 'missing'];
    const key = ['9007199254740993.10', 'ab/😀', 'true', null, '{"a": [1]}', null];
    expect(read(jsonl, fields, `${record}\n`)).toEqual(key);
    expect(read(jsonl, ['id'], '[1]\n')).toEqual([null]);
  });

  test('finds a member however its name is written, the last of a name', () => {
    const record = String.raw`{ "i" : 1 , "id2":2,"id" : 3 ,"\u0069d":4 , "x":{"id":5}, "é\"":"6" }`;
    expect(read(jsonl, ['id', 'é"', 'i'], record)).toEqual(['4', '6', '1']);
    expect(read(jsonl, ['x', 'd'], record)).toEqual(['{"id":5}', null]);
  });

  test('is found in any object, whatever is around it', () => {
    const objects = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), {
      minKeys: 1,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(objects, fc.nat(3), fc.nat(), (object, spaces, pick) => {
        const name = Object.keys(object)[pick % Object.keys(object).length]!;
        const record = Buffer.from(JSON.stringify(object, null, spaces));
        for (const raw of [
          pickMembers(record, [Buffer.from(JSON.stringify(name))])[0],
          membersOf(record)?.get(name),
        ]) {
          expect(JSON.parse(String(raw))).toEqual(JSON.parse(JSON.stringify(object[name])));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('tells texts apart that are no valid unicode', () => {
    const [a, b] = [String.raw`{"id":"\ud83d"}`, String.raw`{"id":"\ud83e"}`].map((text) =>
      read(jsonl, ['id'], text),
    );
    expect(compareKeys(a!, b!)).not.toBe(0);
  });

  test('is the value of CSV columns, wherever they are', () => {
    const payload = csv('note', 'Größe, cm', 'id');
    expect(read(payload, ['id', 'Größe, cm'], '"a\n""b""",1.10,"x,""y"\n')).toEqual(['x,"y', '1.10']);
    expect(read(payload, ['note', 'id'], ',,""\n')).toEqual([null, '']);
  });

  test('is refused by name where CSV records have no such column', () => {
    const refused = { code: 'connection_unsuitable', message: expect.stringContaining('uid') as string };
    expect(() => keyReader(csv('id'), ['uid'])).toThrow(expect.objectContaining(refused));
  });
});
