// Work files that name the one before them by its hash: a chain that cannot be changed unnoticed.
import type { z } from 'zod';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { decodeJson, encodeJson, readIfThere, sha256 } from './objects.js';

export interface Link {
  readonly path: string;
  readonly sha256: string;
}

interface Linked {
  readonly prev: Link | null;
  readonly seq: number;
}

/** From the newest link to the first. `chain_broken` where one is missing, changed or out of sequence. */
export async function* backwards<T extends Linked>(
  store: Store,
  archive: string,
  newest: (Link & { readonly seq: number }) | null,
  schema: z.ZodType<T>,
): AsyncGenerator<T> {
  let seq = newest?.seq ?? -1;
  for (let link: Link | null = newest; link !== null; seq -= 1) {
    const file: T = await readLinked(store, archive, link, schema);
    if (file.seq !== seq || (file.prev === null) !== (seq === 0))
      throw chainBroken(archive, link, 'is out of sequence');
    yield file;
    link = file.prev;
  }
}

async function readLinked<T>(store: Store, archive: string, link: Link, schema: z.ZodType<T>): Promise<T> {
  const bytes = await readIfThere(store, `${archive}/${link.path}`);
  if (bytes === null) throw chainBroken(archive, link, 'is missing');
  if (sha256(bytes) !== link.sha256) throw chainBroken(archive, link, 'was changed');
  return decodeJson(bytes, schema, 'chain_broken', `${archive}/${link.path}`);
}

export function chainBroken(archive: string, { path }: { path: string }, how: string): LonghaulError {
  return new LonghaulError('chain_broken', `The work file ${archive}/${path} ${how}.`);
}

/** `nameOf` gets the hash of the content. */
export async function putLinked(
  store: Store,
  archive: string,
  content: Linked,
  nameOf: (hash: string) => string,
): Promise<Link> {
  const bytes = encodeJson(content);
  const hash = sha256(bytes);
  const path = nameOf(hash);
  await store.put(`${archive}/${path}`, bytes);
  return { path, sha256: hash };
}
