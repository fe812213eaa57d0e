// Reads a sealed archive as docs/archive-format.md tells a stranger to, with none of Longhaul's own code,
// and refuses it where a hash, size or count is wrong.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Decoder } from '@toondepauw/node-zstd';

export interface ManifestStream {
  readonly name: string;
  readonly encoding: 'jsonl' | 'csv';
  readonly key: readonly string[];
  readonly records: number;
  readonly bytes: number;
}

export interface Manifest {
  readonly format: string;
  readonly id: string;
  readonly job: string;
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly segments: { readonly path: string; readonly sha256: string; readonly count: number };
  readonly streams: readonly ManifestStream[];
}

export interface Segment {
  readonly stream: string;
  readonly partition: string;
  readonly seq: number;
  readonly path: string;
  readonly records: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly sha256: string;
}

export interface ReadArchive {
  readonly manifest: Manifest;
  readonly segments: readonly Segment[];
  /** Decompressed segments of a stream, in order. One at a time, so that any size can be read. */
  contents(stream: string): AsyncGenerator<Buffer>;
  /** The lines of a stream in order, without their LF. For `jsonl`: its records. */
  lines(stream: string): AsyncGenerator<string>;
}

export async function readArchive(folder: string): Promise<ReadArchive> {
  const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const list = await readFile(path.join(folder, manifest.segments.path));
  demand(sha256(list) === manifest.segments.sha256, 'segments.jsonl has the hash that the manifest names');
  const segments = linesOf(list).map((line) => JSON.parse(line) as Segment);
  demand(
    segments.length === manifest.segments.count,
    'segments.jsonl has as many lines as the manifest says',
  );
  const contents = (stream: string): AsyncGenerator<Buffer> =>
    readSegments(folder, manifest, segments, stream);
  return { manifest, segments, contents, lines: (stream) => readLines(contents(stream)) };
}

/** All records of a JSON lines stream of the archive in a folder. */
export async function recordsIn(folder: string, stream: string): Promise<string[]> {
  const records: string[] = [];
  for await (const record of (await readArchive(folder)).lines(stream)) records.push(record);
  return records;
}

async function* readSegments(
  folder: string,
  manifest: Manifest,
  segments: readonly Segment[],
  stream: string,
): AsyncGenerator<Buffer> {
  for (const segment of segments.filter((each) => each.stream === stream)) {
    const stored = await readFile(path.join(folder, segment.path));
    demand(stored.length === segment.storedBytes, `${segment.path} has the size that is listed`);
    demand(sha256(stored) === segment.sha256, `${segment.path} has the hash that is listed`);
    const content = await EXPAND[manifest.compression](stored);
    demand(content.length === segment.bytes, `${segment.path} holds the bytes that are listed`);
    yield content;
  }
}

const EXPAND = {
  zstd: (stored: Buffer) => new Decoder().decode(stored),
  gzip: promisify<Buffer, Buffer>(gunzip),
  none: async (bytes: Buffer) => bytes,
} satisfies Record<Manifest['compression'], (bytes: Buffer) => Promise<Buffer>>;

async function* readLines(contents: AsyncIterable<Buffer>): AsyncGenerator<string> {
  for await (const content of contents) yield* linesOf(content);
}

function linesOf(bytes: Buffer): string[] {
  if (bytes.length === 0) return [];
  demand(bytes.at(-1) === 10, 'the last line ends with LF');
  return bytes.toString('utf8').slice(0, -1).split('\n');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`archive: not so: ${what}`);
}
