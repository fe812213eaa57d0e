// The body of a page: checked, its records as JSON lines with the bytes they came in, and the values that paging needs.
import { setImmediate } from 'node:timers/promises';
import { LonghaulError } from '../../core/errors.js';
import { contentType } from './headers.js';
import { JsonSyntaxError, scanJson, type Scan } from './json-scan.js';
import type { Response } from './transport.js';

export interface BodyShape {
  /** Path of the array of records. */
  readonly records: string;
  /** Paths of other values. */
  readonly values: readonly string[];
  /** Records beyond so many are left out. */
  readonly limit?: number | undefined;
}

export interface Body {
  readonly records: number;
  /** JSON lines. */
  readonly lines: Uint8Array;
  /** The JSON text of each wanted value, or `null` where the body has none. */
  readonly values: readonly (string | null)[];
}

/** Takes over the answer's bytes. Throws `response_not_json`, `response_invalid`, `records_missing`. */
export async function readBody(what: string, answer: Response, shape: BodyShape): Promise<Body> {
  const { elements, values } = await scan(what, answer, shape);
  if (!elements) throw recordsMissing(what, shape.records);
  const bytes = Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.byteLength);
  const texts = values.map((span) => span && bytes.toString('utf8', span.start, span.end));
  const records = Math.min(elements.length / 2, shape.limit ?? Infinity);
  return { records, lines: await toLines(bytes, elements, records), values: texts };
}

async function scan(what: string, answer: Response, shape: BodyShape): Promise<Scan> {
  if (/html/i.test(contentType(answer.headers))) throw notJson(what, answer);
  try {
    return await scanJson(answer.bytes, shape.records, shape.values);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw claimsJson(answer) ? invalid(what, answer, error) : notJson(what, answer);
  }
}

/** Some servers call JSON `text/plain` or nothing at all: then only the bytes can tell. */
function claimsJson({ headers, bytes }: Response): boolean {
  return /json/i.test(contentType(headers)) && bytes[0] !== '<'.charCodeAt(0);
}

function notJson(what: string, { status, headers }: Response): LonghaulError {
  const message = `${what} answered ${status} with something other than JSON (${contentType(headers)}).`;
  return new LonghaulError('response_not_json', message);
}

function invalid(what: string, { bytes }: Response, error: JsonSyntaxError): LonghaulError {
  const message = `${what} answered with invalid JSON: it breaks at byte ${error.at} of ${bytes.length}.`;
  return new LonghaulError('response_invalid', message);
}

function recordsMissing(what: string, path: string): LonghaulError {
  const place = path === '' ? 'The body itself' : `\`${path}\``;
  return new LonghaulError('records_missing', `${what} answered without records: ${place} is not an array.`);
}

const LF = 0x0a;
const RECORDS_A_TURN = 100_000;

/** Moves the records together within their own buffer, a line end after each: there is room, each was followed by `,` or `]`. */
async function toLines(bytes: Buffer, elements: readonly number[], count: number): Promise<Uint8Array> {
  const begin = elements[0] ?? 0;
  let end = begin;
  for (let i = 0; i < count; i++) {
    const [start, stop] = [elements[2 * i]!, elements[2 * i + 1]!];
    if (start !== end) bytes.copyWithin(end, start, stop);
    end += stop - start;
    bytes[end++] = LF;
    if (i % RECORDS_A_TURN === RECORDS_A_TURN - 1) await setImmediate();
  }
  return bytes.subarray(begin, end);
}
