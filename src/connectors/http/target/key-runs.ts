// Old keys and the new ones that the target has given, kept durably as they come: a run for each flush.
import { createHash } from 'node:crypto';
import { readAll } from '../../../core/read-all.js';
import type { Store, StoredObject } from '../../../core/store.js';
import { PLACES, placeOf } from './key-texts.js';

/** `old` as `keyText` gives it, `now` as raw JSON text without line ends. */
export interface KeyPair {
  readonly old: string;
  readonly now: string;
}

/** A run begins with the offsets of its slices, so that one slice of many runs can be read without the rest. */
export const SLICES = 256;
export const HEADER_BYTES = 4 * (SLICES + 1);

/** Of one stream, in the folder of a job. */
export function keysFolder(jobFolder: string, stream: string): string {
  const name = createHash('sha256').update(JSON.stringify(stream)).digest('hex').slice(0, 32);
  return `${jobFolder}/keys/${name}`;
}

export function runsFolder(jobFolder: string, stream: string): string {
  return `${keysFolder(jobFolder, stream)}/runs`;
}

/** Harmless when repeated: `name` stands for what it holds. */
export async function putRun(
  store: Store,
  jobFolder: string,
  stream: string,
  { name, pairs }: { readonly name: string; readonly pairs: readonly KeyPair[] },
): Promise<void> {
  const placed = pairs.map((pair) => ({ pair, place: placeOf(pair.old) }));
  placed.sort((a, b) => a.place - b.place);
  const header = Buffer.alloc(HEADER_BYTES);
  const lines: Buffer[] = [];
  let end = HEADER_BYTES;
  let slice = 0;
  for (const { pair, place } of placed) {
    for (; slice <= sliceOf(place); slice += 1) header.writeUInt32LE(end, 4 * slice);
    const line = lineOf(pair);
    lines.push(line);
    end += line.length;
  }
  for (; slice <= SLICES; slice += 1) header.writeUInt32LE(end, 4 * slice);
  await store.put(`${runsFolder(jobFolder, stream)}/${name}`, Buffer.concat([header, ...lines]));
}

function sliceOf(place: number): number {
  return Math.floor(place / (PLACES / SLICES));
}

/** A line begins with its line end, so that a key is found as a text that begins with one. */
export function lineOf({ old, now }: KeyPair): Buffer {
  return Buffer.from(`\n${old}\t${now}`);
}

/** Of whole lines. */
export function pairsOf(lines: Buffer): KeyPair[] {
  const texts = lines.toString('utf8').split('\n').slice(1);
  return texts.map((text) => {
    const tab = text.indexOf('\t');
    return { old: text.slice(0, tab), now: text.slice(tab + 1) };
  });
}

/** Of each run in these folders, the pairs of the slices from `first` up to and without `end`. */
export async function* slicesOfRuns(
  store: Store,
  folders: readonly string[],
  first: number,
  end: number,
): AsyncGenerator<KeyPair[]> {
  for await (const { path } of runsIn(store, folders)) {
    const header = await readAll(store, path, { start: 0, end: HEADER_BYTES });
    const range = { start: header.readUInt32LE(4 * first), end: header.readUInt32LE(4 * end) };
    if (range.end > range.start) yield pairsOf(await readAll(store, path, range));
  }
}

export async function* runsIn(store: Store, folders: readonly string[]): AsyncGenerator<StoredObject> {
  for (const folder of folders) yield* store.list(folder);
}
