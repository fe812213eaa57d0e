// The keys that an API has given to records, out of its answer to them.
import { LonghaulError } from '../../../core/errors.js';
import { JsonSyntaxError, scanJson } from '../json-scan.js';
import { keyText } from './key-texts.js';

export interface AnswerShape {
  /** Where the array of answers is; null: the answer is to one record. */
  readonly answers: string | null;
  /** Where the key is in the answer to a record. */
  readonly newKey: string;
}

/** Raw JSON texts, one for each of so many records. Throws `response_invalid`. */
export async function newKeysIn(
  what: string,
  bytes: Uint8Array,
  shape: AnswerShape,
  records: number,
): Promise<string[]> {
  const answers = shape.answers === null ? [bytes] : await elementsAt(what, bytes, shape.answers);
  if (answers.length !== records) throw unanswered(what, `${answers.length} answers to ${records} records`);
  const keys: string[] = [];
  for (const answer of answers) keys.push(await keyIn(what, answer, shape.newKey));
  return keys;
}

async function elementsAt(what: string, bytes: Uint8Array, place: string): Promise<Uint8Array[]> {
  const { elements } = await scanned(what, bytes, place, []);
  if (!elements) throw unanswered(what, place === '' ? 'no array' : `no array at ${place}`);
  return Array.from({ length: elements.length / 2 }, (_, i) =>
    bytes.subarray(elements[2 * i], elements[2 * i + 1]),
  );
}

async function keyIn(what: string, answer: Uint8Array, place: string): Promise<string> {
  const { values } = await scanned(what, answer, '', [place]);
  const [span] = values;
  const raw = span ? answer.subarray(span.start, span.end) : undefined;
  if (raw === undefined || keyText(raw) === null) throw unanswered(what, `no text or number at ${place}`);
  return Buffer.from(raw).toString('utf8');
}

async function scanned(what: string, bytes: Uint8Array, elements: string, values: readonly string[]) {
  try {
    return await scanJson(bytes, elements, values);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw unanswered(what, 'something other than JSON');
    throw error;
  }
}

function unanswered(what: string, found: string): LonghaulError {
  const message = `${what} answered without the new keys that other streams refer to: ${found}.`;
  return new LonghaulError('response_invalid', message, {
    hint: 'Say where they are in the answer by `newKey` and `batch.answers` in `write` of the stream.',
  });
}
