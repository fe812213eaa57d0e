// What a comparison found, as it lies in the job's folder: the JSON, and reading it in pages.
import { z } from 'zod';
import { readAll } from '../core/read-all.js';
import { decodeJson, readIfThere } from '../archive/objects.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { INDEX } from './layout.js';

const count = z.number().int().min(0);

export const differenceSchema = z.object({
  /**
   * By key: `added` is only there, `removed` only in the archive, `changed` in both with other bytes. `duplicate`: a key
   * that comes more than once on one side.
   */
  kind: z.enum(['added', 'removed', 'changed', 'duplicate']),
  stream: z.string(),
  /** The texts of the key's fields, long ones cut; empty where the stream has no key. */
  key: z.array(z.string().nullable()),
  /** How many records it stands for: 1, or more where a key comes more than once. */
  records: count,
  /** Of a duplicate: where it is. */
  side: z.enum(['archive', 'against']).optional(),
  /** Where the stream has no key: how the record begins. */
  record: z.string().optional(),
});
export type Difference = z.infer<typeof differenceSchema>;

/** `duplicates` counts keys; all others count records. */
const countFields = { same: count, added: count, removed: count, changed: count, duplicates: count };
export const countsSchema = z.object(countFields);
export type Counts = z.infer<typeof countsSchema>;

const partSchema = z.object({ path: z.string(), stream: z.string(), differences: count });

export const indexSchema = z.object({
  /** Names what was sealed. */
  work: z.string(),
  counts: countsSchema,
  /** Before compression, of both sides. */
  bytes: count,
  notes: z.array(z.string()),
  /** Of differences; those beyond it are counted and not listed. */
  listed: count,
  parts: z.array(partSchema),
});
export type DifferencesIndex = z.infer<typeof indexSchema>;

export interface DifferencesPage {
  /** In the order of streams, then of keys. */
  readonly differences: readonly Difference[];
  /** Where the next page begins; null: this was the last one. */
  readonly next: string | null;
  /** Of the whole job, whatever the page holds. */
  readonly counts: Counts;
  /** How many differences are listed in all; the rest is only counted. */
  readonly listed: number;
}

export interface PageOptions {
  /** Only of this stream. */
  readonly stream?: string;
  /** `next` of the page before. */
  readonly cursor?: string;
  /** Differences a page, at least 1. */
  readonly limit: number;
}

/**
 * `folder` is that of the job (`jobFolder`) in the store of the archive. null: it has compared nothing, or is not done.
 * Throws `request_invalid` for a cursor that is none. Memory: a page and a part of about 1 MiB.
 */
export async function readDifferences(
  store: Store,
  folder: string,
  { stream, cursor, limit }: PageOptions,
): Promise<DifferencesPage | null> {
  const index = await readIndex(store, folder);
  if (index === null) return null;
  const parts = index.parts.filter((part) => stream === undefined || part.stream === stream);
  const differences: Difference[] = [];
  let at = cursor === undefined ? { part: 0, line: 0 } : placeOf(cursor);
  while (at.part < parts.length && differences.length < limit) {
    const all = await readPart(store, `${folder}/${parts[at.part]!.path}`);
    const some = all.slice(at.line, at.line + limit - differences.length);
    differences.push(...some);
    const line = at.line + some.length;
    at = line < all.length ? { part: at.part, line } : { part: at.part + 1, line: 0 };
  }
  const next = at.part < parts.length ? `${at.part}.${at.line}` : null;
  return { differences, next, counts: index.counts, listed: index.listed };
}

export async function readIndex(store: Store, folder: string): Promise<DifferencesIndex | null> {
  const path = `${folder}/${INDEX}`;
  const bytes = await readIfThere(store, path);
  return bytes && decodeJson(bytes, indexSchema, 'chain_broken', path);
}

async function readPart(store: Store, path: string): Promise<Difference[]> {
  const text = (await readAll(store, path)).toString('utf8');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => decodeJson(Buffer.from(line), differenceSchema, 'chain_broken', path));
}

function placeOf(cursor: string): { part: number; line: number } {
  const found = /^(\d{1,9})\.(\d{1,9})$/.exec(cursor);
  if (!found)
    throw new LonghaulError('request_invalid', '`cursor` is not one that a page of differences gave.');
  return { part: Number(found[1]), line: Number(found[2]) };
}
