// Where everything of an archive lies: names and places, relative to the archive's folder.
import { createHash } from 'node:crypto';
import type { Encoding } from '../core/connector.js';
import type { Compression } from './format.js';

export const MANIFEST = 'manifest.json';
export const SEGMENTS = 'segments.jsonl';
export const REPORT = 'report.json';

/** What a running job needs, gone once the archive is sealed. */
export const WORK = '.work';
export const CLAIM = `${WORK}/job.json`;
export const STREAMS = `${WORK}/streams`;
export const LEDGER = `${WORK}/ledger`;
export const BASES = `${WORK}/bases.json`;
export const SCRATCH = `${WORK}/seal`;

const SUFFIX: Readonly<Record<Compression, string>> = { zstd: '.zst', gzip: '.gz', none: '' };
const SEGMENT_NAME = /^z?\d{6,}-[0-9a-f]{16}\.((list\.)?jsonl|csv|tar)(\.zst|\.gz)?$/;

const PLAIN = /^[a-z0-9_]([a-z0-9_.-]{0,98}[a-z0-9_-])?$/;
const RESERVED: ReadonlySet<string> = new Set([MANIFEST, SEGMENTS, REPORT]);

/**
 * A folder name for any text; different texts get different names, on file systems that ignore case as well.
 * Plain names stay; others become what is readable of them, `--`, and 32 hex digits of a hash.
 */
export function folderName(name: string): string {
  if (PLAIN.test(name) && !name.includes('--') && !RESERVED.has(name)) return name;
  const readable = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  // As JSON, since that also tells apart texts that are not valid unicode.
  const hash = createHash('sha256').update(JSON.stringify(name)).digest('hex');
  return `${readable}--${hash.slice(0, 32)}`;
}

export function partitionFolder({ stream, partition }: { stream: string; partition: string }): string {
  return `${folderName(stream)}/${folderName(partition)}`;
}

export function partsFolder(target: { stream: string; partition: string }): string {
  return `${WORK}/parts/${partitionFolder(target)}`;
}

/** Names that sort as their numbers do: six digits, and from the millionth on `z` and twelve. */
export function ordinal(seq: number): string {
  return seq < 1_000_000 ? String(seq).padStart(6, '0') : `z${String(seq).padStart(12, '0')}`;
}

export function segmentName(
  seq: number,
  token: string,
  encoding: Encoding,
  compression: Compression,
): string {
  return `${ordinal(seq)}-${token}.${encoding}${SUFFIX[compression]}`;
}

/** Of the list of a tar segment. */
export function listPath(segment: string): string {
  return segment.replace(/\.tar(?=\.\w+$|$)/, '.list.jsonl');
}

/** Whether a file (not its folder) is named as a segment or a list: only such files are ever taken for orphans and removed. */
export function isSegmentName(name: string): boolean {
  return SEGMENT_NAME.test(name);
}
