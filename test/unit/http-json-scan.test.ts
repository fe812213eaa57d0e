// The JSON scanner against JSON.parse: the same verdict on every text, the same values, and untouched bytes.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSyntaxError, scanJson } from '../../src/connectors/http/json-scan.js';

interface Found {
  elements: string[] | null;
  values: (string | null)[];
}

async function scan(text: string | Uint8Array, list = 'data', values: string[] = []): Promise<Found> {
  const bytes = Buffer.from(text);
  const found = await scanJson(bytes, list, values);
  const slice = (start: number, end: number) => bytes.toString('utf8', start, end);
  const elements =
    found.elements &&
    Array.from({ length: found.elements.length / 2 }, (_, i) =>
      slice(found.elements![2 * i]!, found.elements![2 * i + 1]!),
    );
  return { elements, values: found.values.map((span) => span && slice(span.start, span.end)) };
}

async function verdict(text: string, list?: string): Promise<boolean> {
  return scan(text, list).then(
    () => true,
    (error: unknown) => {
      if (error instanceof JsonSyntaxError) return false;
      throw error;
    },
  );
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Any JSON text, with white space and indentation of every kind. */
const jsonText = fc

  .tuple(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(undefined, 1, '\t', '  '))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

/** Near misses: a JSON text with a part replaced, taken out or doubled. */
const almostJson = fc
  .tuple(
    jsonText,
    fc.nat(),
    fc.nat(4),
    fc.constantFrom(...Array.from('{}[]",:.-+eE0189\\u nt\u0001'), '1', '\n', '""'),
  )
  .map(([text, at, gone, put]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + put + text.slice(start + gone);
  });

/** Text made of JSON's own pieces, so that the grammar's corners come up often. */
const pieces = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u00e9"',
      '-',
      '0',
      '12',
      '.5',
      'e',
      'E+1',
      'true',
      'null',
      ' ',
      '\n',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('scanning JSON', () => {
  test('accepts and refuses exactly what JSON.parse does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(jsonText, almostJson, pieces), async (text) => {
        fc.pre(Buffer.from(text).toString() === text);
        expect(await verdict(text)).toBe(parses(text));
        // Elements are passed in another way than all else.
        const elements = `[${text}]`;
        expect(await verdict(elements, '')).toBe(parses(elements));
      }),
      { numRuns: 5_000 },
    );
  });

  test('finds the records and values that JSON.parse finds', async () => {
    const body = fc.record({ data: fc.array(fc.jsonValue()), meta: fc.record({ next: fc.jsonValue() }) });
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom(undefined, 2, '\t'), async (body, indent) => {
        const found = await scan(JSON.stringify(body, null, indent), 'data', ['meta.next', 'meta', 'gone']);
        const parsed = JSON.parse(JSON.stringify(body)) as typeof body;
        expect(found.elements?.map((text) => JSON.parse(text) as unknown)).toEqual(parsed.data);
        expect(found.values.map((text) => text && (JSON.parse(text) as unknown))).toEqual([
          parsed.meta.next,
          parsed.meta,
          null,
        ]);
      }),
      { numRuns: 1_000 },
    );
  });

  test.for([
    '{"id":9223372036854775807,"big":1e400,"money":1.10,"tiny":-0.0E-7}',
    '{"a":1,"a":2,"":{"\\u0000":"\\ud83d\\ude00 \\ud800"}}',
    '{"astral":"😀𝒳","line":"\u2028","slash":"\\/"}',
    '"just text"',
    'null',
    '{ "spaced" :\t[ 1 , 2 ] }',
  ])('keeps the bytes of %s', async (record) => {
    expect((await scan(`{"data": [${record} ,${record}]}`)).elements).toEqual([record, record]);
  });

  test('puts a record that spans lines on one line, and leaves its strings alone', async () => {
    const { elements } = await scan('{"data":[{\r\n  "a": "x\\ny",\n\t"b": []\n}\n]}');
    expect(elements).toEqual(['{    "a": "x\\ny", \t"b": [] }']);
  });

  test.for([
    ['', '[1,[2],{"a":3}]', ['1', '[2]', '{"a":3}']],
    ['a.b', '{"x":{"b":[0]},"a":{"b":[1]}}', ['1']],
    ['a.b', '{"a":[{"b":[1]}]}', null],
    ['data', '{"data":[1],"data":[2,3]}', ['2', '3']],
    ['data', '{"data":[1],"data":{}}', null],
    ['a.b', '{"a":{"b":[1]},"a":{}}', null],
    ['a.b', '{"a":{"b":[1]},"a":7}', null],
    ['data', '{"\\u0064ata":[1]}', ['1']],
    ['data', '{"data":[]}', []],
    ['data', '{"deeper":{"data":[1]}}', null],
    ['data', '[{"data":[1]}]', null],
    ['data', '\ufeff{"data":[1]}', ['1']],
  ] as const)('reads the list at "%s" of %s', async ([path, text, expected]) => {
    expect((await scan(text, path)).elements).toEqual(expected);
  });

  test('refuses bytes that are not UTF-8', async () => {
    await expect(scan(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).rejects.toBeInstanceOf(JsonSyntaxError);
  });

  test('says where the text stops being JSON', async () => {
    await expect(scan('{"data":[1,]}')).rejects.toMatchObject({ at: 11 });
    await expect(scan('{"data":[1]} x')).rejects.toMatchObject({ at: 13 });
  });

  test('takes a million open brackets without running out of stack', async () => {
    const depth = 1_000_000;
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    expect((await scan(`{"data":[${deep}]}`)).elements).toEqual([deep]);
  });

  test('lets other work run while it scans a large text', async () => {
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 0);
    await scan(`{"data":[${Array.from({ length: 400_000 }, () => '{"some":"record of text"}').join()}]}`);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });
});
