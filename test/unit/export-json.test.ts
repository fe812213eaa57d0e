// Records of JSON as CSV and Parquet: whatever they hold, nothing is lost and nothing is changed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import type { RowGroup, SchemaElement } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cellsOf } from '../../src/export/cells.js';
import { createCsvRows, headerOfRows } from '../../src/export/csv-rows.js';
import { columnsOf, type StreamColumn } from '../../src/export/kinds.js';
import { footerOf, MAGIC } from '../../src/export/parquet/footer.js';
import { createRowGroupEncoder } from '../../src/export/parquet/row-group.js';
import { parquetSchema } from '../../src/export/parquet/types.js';
import { createColumnFinder, schemaOfSample } from '../../src/records/columns.js';
import { membersOf } from '../../src/records/members.js';
import { csvFields, parquetRows } from '../support/export-reader.js';

const NAMES = ['id', 'a b', 'ü"n', 'c,d', 'e\nf', '', '_extra', 'constructor'];

/** A JSON text of one value, in ways that sources write them. */
const token: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '0', '-0', '1.10', '1e400', '0.1', '9007199254740993', '-5e-324'),
  fc.constantFrom('18446744073709551615', '-9223372036854775808', '123456789.123456789123', '1E+2', '100.0'),
  fc.constantFrom(
    '""',
    '"\\ud800"',
    '"\\u0000"',
    '"\\u00e9\\/"',
    '"=1+1"',
    '"\\\\."',
    '"\\\\N"',
    '" , \\"x\\" \\r\\n"',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('[]', '{}', '[1, "two"]', '{"a": {"b": [null, 1.10, "}"]}}'),
);
const member = fc.tuple(fc.constantFrom(...NAMES), token);
const object = fc
  .uniqueArray(member, { selector: ([name]) => name, maxLength: 6 })
  .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(', ')}}`);
const record = fc.oneof({ weight: 9, arbitrary: object }, { weight: 1, arbitrary: token });
const stream = fc.record({
  sample: fc.array(record, { maxLength: 3 }),
  records: fc.array(record, { minLength: 1, maxLength: 8 }),
});

describe('a stream of JSON of which a sample was seen', () => {
  test('is all there in CSV: in its columns, or in the last one', () => {
    fc.assert(
      fc.property(stream, ({ sample, records }) => {
        const columns = sampled(sample);
        const [header, ...rows] = csvFields(csvOf(columns, records));
        expect(header).toEqual([
          ...columns.map(({ name }) => name || null),
          expect.stringMatching(/^_extra\d?$/),
        ]);
        expect(rows.map((row) => told(columns, row, valueOfField, asWritten))).toEqual(
          records.map((text) => wholeOf(text, asWritten)),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test('is all there in Parquet: in its columns, or in the last one', async () => {
    await fc.assert(
      fc.asyncProperty(stream, async ({ sample, records }) => {
        const columns = sampled(sample);
        const rows = await throughParquet(columns, records);
        const names = [...columns.map(({ name }) => name), parquetSchema(columns, true).extra!.name];
        const values = rows.map((row) => names.map((name) => row[name]));
        expect(values.map((row) => told(columns, row, valueOfCell, sameNumber))).toEqual(
          records.map((text) => wholeOf(text, sameNumber)),
        );
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

test('numbers with more digits than their column has stay exact beside it', async () => {
  const columns = sampled(['{"n":0.5}']);
  const numbers = ['0.1', '1e2', '9007199254740993.0', '0.15', '1e400', '-0', '"1"'];
  const rows = await throughParquet(
    columns,
    numbers.map((number) => `{"n":${number}}`),
  );
  expect(rows.map(({ n }) => n ?? null)).toEqual([
    '0.1',
    '100.0',
    '9007199254740993.0',
    null,
    null,
    '0.0',
    null,
  ]);
  expect(rows.map(({ _extra }) => _extra ?? null)).toEqual([
    null,
    null,
    null,
    '{"n":0.15}',
    '{"n":1e400}',
    null,
    '{"n":"1"}',
  ]);
});

test('CSV quotes what has to be, tells empty from null, and leaves formulas as they are', () => {
  const columns = sampled(['{"a":"","b":1,"c":[]}']);
  const records = [
    '{"a":"","b":null}',
    '{"a":"=1+1","b":12,"c":[1,"x"]}',
    '{"a":"x,\\ny","b":"no","d":1}',
    '7',
  ];
  expect(csvOf(columns, records)).toBe(
    'a,b,c,_extra\n"",,,\n=1+1,12,"[1,""x""]",\n"x,\ny",,,"{""b"":""no"",""d"":1}"\n,,,7\n',
  );
});

function sampled(records: readonly string[]): readonly StreamColumn[] {
  const finder = createColumnFinder();
  finder.add(payloadOf(records));
  return columnsOf({ encoding: 'jsonl', schema: schemaOfSample(finder.columns()) })!;
}

function payloadOf(records: readonly string[]) {
  return { format: 'jsonl', chunks: [Buffer.from(records.map((each) => `${each}\n`).join(''))] } as const;
}

function csvOf(columns: readonly StreamColumn[], records: readonly string[]): string {
  const rows = createCsvRows(columns);
  const names = columns.map(({ name }) => name);
  const written = Array.from(cellsOf(payloadOf(records), names), (cells) => rows.write(cells));
  return Buffer.concat([headerOfRows(columns), ...written]).toString('utf8');
}

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'export-json-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Decimals come back as text. */
async function throughParquet(columns: readonly StreamColumn[], records: readonly string[]) {
  const schema = parquetSchema(columns, true);
  const names = columns.map(({ name }) => name);
  const bytes: Uint8Array[] = [MAGIC];
  const encoder = createRowGroupEncoder('any', schema, true);
  const batches = [...cellsOf(payloadOf(records), names)];
  const { rowGroup } = await encoder.encode(batches, MAGIC.length, async (part) => void bytes.push(part));
  const file = path.join(folder, 'any.parquet');
  const footer = footerOf(schema.elements.map(withoutDecimal), [withoutStatistics(rowGroup)]);
  await writeFile(file, Buffer.concat([...bytes, footer]));
  const scales = new Map(
    columns.flatMap(({ name, kind }) => (kind.is === 'decimal' ? [[name, kind.scale]] : [])),
  );
  return (await parquetRows(file)).map((row) => decimalsAsText(row, scales));
}

/** The reader would make doubles of them. */
function withoutDecimal(element: SchemaElement): SchemaElement {
  if (element.converted_type !== 'DECIMAL') return element;
  const { name, type, type_length, repetition_type } = element;
  return {
    name,
    repetition_type,
    ...(type && { type }),
    ...(type_length && { type_length }),
  };
}

function withoutStatistics(rowGroup: RowGroup): RowGroup {
  const columns = rowGroup.columns.map((column) => ({
    ...column,
    meta_data: { ...column.meta_data!, statistics: undefined },
  }));
  return { ...rowGroup, columns };
}

function decimalsAsText(row: Record<string, unknown>, scales: ReadonlyMap<string, number>) {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const scale = scales.get(name);
      return [
        name,
        scale === undefined || !(value instanceof Uint8Array) ? value : decimalText(value, scale),
      ];
    }),
  );
}

function decimalText(bytes: Uint8Array, scale: number): string {
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

type NumberText = (raw: string) => string;

/** A record by its members that are not null, each as text that is alike for the same value; or the text of any other. */
function wholeOf(text: string, number: NumberText): unknown {
  const members = membersOf(Buffer.from(text));
  if (members === null) return text;
  const told = [...members].map(([name, raw]) => [name, canonical(raw.toString('utf8'), number)] as const);
  return new Map(told.filter(([, value]) => value !== 'null').toSorted(byName));
}

function canonical(raw: string, number: NumberText): string {
  if (raw.startsWith('"')) return JSON.stringify(JSON.parse(raw));
  return /^[-\d]/.test(raw) ? number(raw) : raw;
}

const asWritten: NumberText = (raw) => raw;

/** Alike for two texts of one number, of any size. */
const sameNumber: NumberText = (raw) => {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(raw)!;
  let digits = BigInt(`${whole}${fraction}`);
  let power = Number(exponent) - fraction.length;
  for (; digits !== 0n && digits % 10n === 0n; digits /= 10n) power += 1;
  return digits === 0n ? '0' : `${sign}${digits}e${power}`;
};

/** The same of what came out. */
function told(
  columns: readonly StreamColumn[],
  row: readonly unknown[],
  valueOf: (column: StreamColumn, value: unknown, number: NumberText) => string,
  number: NumberText,
): unknown {
  const extra = row[columns.length] as string | null | undefined;
  const others = extra ? wholeOf(extra, number) : new Map<string, string>();
  if (!(others instanceof Map)) return others;
  const own = columns.flatMap((column, place) => {
    const value = row[place] ?? null;
    return value === null ? [] : [[column.name, valueOf(column, value, number)] as const];
  });
  return new Map([...own, ...(others as Map<string, string>)].toSorted(byName));
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

function valueOfField({ kind }: StreamColumn, value: unknown, number: NumberText): string {
  return kind.is === 'text' ? JSON.stringify(value) : canonical(String(value), number);
}

function valueOfCell({ kind }: StreamColumn, value: unknown, number: NumberText): string {
  if (kind.is === 'text') return JSON.stringify(value);
  return canonical(String(value), number);
}
