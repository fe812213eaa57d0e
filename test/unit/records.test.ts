// Records cut out of pages, members out of records, and columns found in a sample: bytes stay as they came.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Payload } from '../../src/core/connector.js';
import type { Json } from '../../src/core/json.js';
import { createColumnFinder, sampledColumns, schemaOfSample } from '../../src/records/columns.js';
import { recordsOf } from '../../src/records/cut.js';
import { membersOf } from '../../src/records/members.js';
import { someRecords } from '../support/records.js';

const jsonl = (...records: string[]): Payload => ({
  format: 'jsonl',
  chunks: [Buffer.from(records.map((record) => `${record}\n`).join(''))],
});
const csv = (...chunks: string[]): Payload => ({
  format: 'csv',
  header: Buffer.from('a,b\n'),
  chunks: chunks.map((chunk) => Buffer.from(chunk)),
});
const texts = (records: Iterable<Uint8Array>): string[] =>
  [...records].map((r) => Buffer.from(r).toString('utf8'));

describe('records of a page', () => {
  test('are its lines, each with its line end', () => {
    const records = someRecords(7);
    expect(texts(recordsOf(jsonl(...records)))).toEqual(records.map((record) => `${record}\n`));
  });

  test('are rows of CSV, in which a line end may be part of a value, however the bytes are cut', () => {
    const rows = ['1,"a\nb"\n', '2,"c ""q"" d"\n', '3,\n', '"\n\n",""\n'];
    const whole = rows.join('');
    for (let at = 0; at <= whole.length; at += 1) {
      const payload = csv(whole.slice(0, at), whole.slice(at));
      expect(texts(recordsOf(payload))).toEqual(rows);
    }
  });
});

describe('members of a record', () => {
  test('are the values that JSON.parse finds, as the bytes they were', () => {
    const spaced = (value: unknown, indent: number) =>
      JSON.stringify(value, null, indent).replaceAll('\n', ' ');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (record, indent) => {
        const members = membersOf(Buffer.from(spaced(record, indent)))!;
        expect([...members.keys()].toSorted()).toEqual(Object.keys(record).toSorted());
        for (const [name, raw] of members)
          expect(JSON.parse(raw.toString('utf8'))).toEqual(JSON.parse(JSON.stringify(record[name])));
      }),
    );
  });

  test('keep numbers and escapes as they came, and the last of repeated names', () => {
    const members = membersOf(
      Buffer.from('{ "a" : 1.10 , "b":-0.0E-7,"a":9223372036854775807,"\\u0063":"\\/}"}\n'),
    )!;
    expect([...members].map(([name, raw]) => [name, raw.toString()])).toEqual([
      ['a', '9223372036854775807'],
      ['b', '-0.0E-7'],
      ['c', '"\\/}"'],
    ]);
  });

  test('are none where the record is no object', () => {
    for (const text of ['[1]', '"{}"', 'null', '12']) expect(membersOf(Buffer.from(text))).toBeNull();
    expect(membersOf(Buffer.from(' { } '))).toEqual(new Map());
  });
});

describe('columns of a sample', () => {
  const typesOf = (...records: string[]) => {
    const finder = createColumnFinder();
    finder.add(jsonl(...records));
    return Object.fromEntries(finder.columns().map(({ name, type }) => [name, type]));
  };

  test('are in the order in which fields appear, with the narrowest type that holds every value', () => {
    const types = typesOf(
      '{"id":1,"ok":true,"name":"x","tags":[1],"price":1,"mixed":1,"none":null,"maybe":null}',
      '{"id":9223372036854775807,"price":1.10,"mixed":"1","late":{},"maybe":"y"}',
    );
    expect(Object.entries(types)).toEqual([
      ['id', 'integer'],
      ['ok', 'boolean'],
      ['name', 'string'],
      ['tags', 'json'],
      ['price', 'number'],
      ['mixed', 'json'],
      ['none', 'json'],
      ['maybe', 'string'],
      ['late', 'json'],
    ]);
  });

  test('take integers beyond 64 bits and numbers with exponents for numbers', () => {
    expect(typesOf('{"a":9223372036854775808,"b":-9223372036854775808,"c":1e3}')).toEqual({
      a: 'number',
      b: 'integer',
      c: 'number',
    });
  });

  test('say how many digits after the point a number needs, where 38 hold all', () => {
    const finder = createColumnFinder();
    finder.add(
      jsonl('{"a":1.10,"b":3.4e0,"c":1,"d":1e400,"e":0.1}', '{"a":20,"b":15e-1,"c":2.5e1,"d":1,"e":1e37}'),
    );
    const scales = finder.columns().map(({ name, scale }) => [name, scale]);
    expect(scales).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 0],
      ['d', undefined],
      ['e', undefined],
    ]);
  });

  test('are known again in a schema, and no other schema is taken for one', () => {
    const columns = [{ name: 'id', type: 'integer' }] as const;
    expect(sampledColumns(schemaOfSample(columns))).toEqual(columns);
    const others: readonly Json[] = [null, {}, { columns: [] }, 'x'];
    for (const schema of others) expect(sampledColumns(schema)).toBeNull();
  });
});
