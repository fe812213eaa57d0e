// Reads sources the way the engine does, for tests: contexts that count, and pages taken apart into records.
import { createHash } from 'node:crypto';
import type { Context, Cursor, Page, Partition, Payload, Source, Stream } from '../../src/core/connector.js';
import { entriesOf } from '../../src/records/tar/entry.js';

export interface TestContext extends Context {
  /** Requests the source reported so far. */
  requests(): number;
  /** The waits it reported, in order: `null` ends one. */
  readonly waits: { until: number | null; reason: string }[];
  /** Aborts `stop` only. */
  halt(): void;
  /** Aborts `stop`, then `signal`. */
  abort(): void;
}

/** A context of one's own for every call. `onRequest` runs synchronously whenever the source reports a request. */
export function testContext(onRequest?: (ctx: TestContext) => void): TestContext {
  const stop = new AbortController();
  const signal = new AbortController();
  let requests = 0;
  const ctx: TestContext = {
    stop: stop.signal,
    signal: signal.signal,
    waits: [],
    requests: () => requests,
    halt: () => stop.abort(),
    abort: () => {
      stop.abort();
      signal.abort();
    },
    meter: {
      request: () => {
        requests += 1;
        onRequest?.(ctx);
      },
      retry: () => {},
      waiting: (until, reason) => ctx.waits.push({ until, reason }),
    },
  };
  return ctx;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The records of a page as texts: JSON lines, or CSV rows (a quoted field may hold line ends), without their LF; of objects see `objectText`. */
export function recordsOf(page: Page): string[] {
  const bytes = Buffer.concat([...page.payload.chunks]);
  if (page.payload.format === 'tar') return objects(bytes);
  const text = bytes.toString('utf8');
  return page.payload.format === 'jsonl' ? lines(text) : rows(text);
}

/** All records of pages, in order. */
export function recordsOfAll(pages: readonly Page[]): string[] {
  return pages.flatMap(recordsOf);
}

/** The payload as one text, header included. */
export function payloadText(payload: Payload): string {
  const header = payload.format === 'csv' ? [payload.header] : [];
  return Buffer.concat([...header, ...payload.chunks]).toString('utf8');
}

export async function streamNamed(source: Source, name: string): Promise<Stream> {
  const [stream] = await collect(source.streams(testContext(), [name]));
  if (!stream) throw new Error(`the source has no stream ${name}`);
  return stream;
}

export async function partitionsOf(source: Source, name: string, want: number): Promise<Partition[]> {
  return collect(source.partitions(testContext(), await streamNamed(source, name), want));
}

export async function readPages(
  source: Source,
  stream: string,
  partition: Partition,
  from: Cursor | null = null,
): Promise<Page[]> {
  return collect(source.read(testContext(), stream, partition, from));
}

/** An object as a record that can be compared: key, size, and the hash of its last piece. */
export function objectText(key: string, size: number, lastPiece: Uint8Array): string {
  return `${JSON.stringify(key)} ${size} ${createHash('sha256').update(lastPiece).digest('hex')}`;
}

function objects(bytes: Buffer): string[] {
  const ended = [...entriesOf(bytes)].filter(({ isLast }) => isLast);
  return ended.map(({ entry, body }) => objectText(entry.key, entry.size, body));
}

function lines(text: string): string[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line of a payload has no LF');
  return text.split('\n').slice(0, -1);
}

function rows(text: string): string[] {
  const found: string[] = [];
  let open = '';
  for (const line of lines(text)) {
    open = open === '' ? line : `${open}\n${line}`;
    if (quotesIn(open) % 2 === 0) {
      found.push(open);
      open = '';
    }
  }
  if (open !== '') throw new Error('a quoted field never ends');
  return found;
}

function quotesIn(text: string): number {
  return text.split('"').length - 1;
}
