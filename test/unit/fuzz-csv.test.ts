// CSV and JSON lines in any bytes, cut anywhere: all scanners find the same records, and lose no byte.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordScanner, fieldEnds, fieldsOf, headerLine, headerNames } from '../../src/records/csv.js';
import { recordsOf } from '../../src/records/cut.js';
import { createScanner, firstRowLength } from '../../src/records/scan.js';
import { BOUNDED } from '../support/fuzz.js';

/** Bytes that CSV is made of come up often. */
const bytes = fc
  .array(fc.oneof(fc.constantFrom(0x22, 0x2c, 0x0a, 0x0d, 0x61), fc.nat(255)), { maxLength: 60 })
  .map((each) => Buffer.from(each));
const cuts = fc.array(fc.nat(60), { maxLength: 6 });

function pieces(whole: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => Math.min(place, whole.length)), whole.length].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => whole.subarray(places[index], end));
}

test.for(['csv', 'jsonl'] as const)('%s: records end where they end, however the bytes are cut', (format) => {
  fc.assert(
    fc.property(bytes, cuts, (whole, at) => {
      const chunks = pieces(whole, at);
      const once = createScanner(format);
      const bit = createScanner(format);
      const counted = chunks.reduce((sum, chunk) => sum + bit.feed(chunk).records, 0);
      expect(counted).toBe(once.feed(whole).records);
      expect(bit.isWhole()).toBe(once.isWhole());
      const payload = format === 'csv' ? { format, header: Buffer.from('a\n'), chunks } : { format, chunks };
      const records = [...recordsOf(payload)];
      expect(Buffer.concat(records)).toEqual(whole);
      expect(records.length).toBe(counted + (once.isWhole() ? 0 : 1));
    }),
    BOUNDED,
  );
});

test('rows end at the line feeds outside of quotes, wherever a scan begins and stops', () => {
  fc.assert(
    fc.property(bytes, cuts, fc.integer({ min: 1, max: 3 }), (whole, at, limit) => {
      const unquoted = whole
        .toString('latin1')
        .split('"')
        .filter((_, part) => part % 2 === 0)
        .join('');
      const rows = unquoted.split('\n').length - 1;
      expect(createScanner('csv').feed(whole).records).toBe(rows);
      const scanner = new RecordScanner();
      let records = 0;
      for (const piece of pieces(whole, at))
        for (let start = 0; start < piece.length;) {
          scanner.scan(piece, start, limit);
          records += scanner.records;
          start = scanner.records === limit ? scanner.lastEnd : piece.length;
        }
      expect(records).toBe(rows);
      const [first] = recordsOf({ format: 'csv', header: whole, chunks: [whole] });
      expect(firstRowLength(whole)).toBe(first?.length ?? 0);
    }),
    BOUNDED,
  );
});

test('a header gives back the names that it was made of', () => {
  const names = fc.array(fc.string({ unit: 'binary', minLength: 1 }).filter(isText), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(names, (given) => {
      expect(headerNames(headerLine(given))).toEqual(given);
    }),
    BOUNDED,
  );
});

test('fields of any bytes are found or missing, and nothing else happens', () => {
  fc.assert(
    fc.property(bytes, (record) => {
      const places = Array.from(fieldEnds(record), (_, place) => place);
      expect(fieldsOf(record, places)).toHaveLength(places.length);
    }),
    BOUNDED,
  );
});

/** No half of a surrogate pair: UTF-8 holds none. */
function isText(text: string): boolean {
  return Buffer.from(text).toString() === text;
}
