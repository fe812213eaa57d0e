// A folder and what is below it as a tree of objects. Links are not followed.
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../core/connector.js';
import { Stopped } from '../../core/errors.js';
import type { ListedObject, ObjectTree, ReadResult } from '../objects/tree.js';
import { codeOf, named } from './faults.js';
import { folderBorders } from './borders.js';
import { listFiles, refusalOf, versionOf } from './listing.js';
import { folderOf } from './paths.js';

/** `root`: of the connection; `path`: of the stream, below it. Throws `source_not_found` where the folder is not there. */
export function createFileTree(root: string, path: string): ObjectTree {
  let known: Promise<string> | undefined;
  const folder = () => (known ??= folderOf(root, path));
  return {
    async *list(ctx, range) {
      yield* listFiles(ctx, await folder(), range);
    },
    read: async (ctx, object, place) => read(ctx, join(await folder(), object.key), object, place),
    borders: async (ctx, want) => folderBorders(ctx, await folder(), want),
  };
}

async function read(
  ctx: Context,
  file: string,
  object: ListedObject,
  { offset, length }: { readonly offset: number; readonly length: number },
): Promise<ReadResult> {
  ctx.meter.request();
  if (ctx.signal.aborted) throw new Stopped();
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return await readOpen(handle, object, offset, length);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { is: 'gone' };
    if (code === 'ELOOP' || code === 'ENXIO') return { is: 'changed' };
    const why = refusalOf(object.key, code);
    if (why) return { is: 'refused', why };
    throw named(`read ${object.key}`, error);
  }
}

/** It must be the same before and after. */
async function readOpen(
  handle: FileHandle,
  { version }: ListedObject,
  offset: number,
  length: number,
): Promise<ReadResult> {
  const before = await handle.stat({ bigint: true });
  if (versionOf(before) !== version) return { is: 'changed' };
  const body = Buffer.allocUnsafe(length);
  if ((await fill(handle, body, offset)) < length) return { is: 'changed' };
  if (versionOf(await handle.stat({ bigint: true })) !== version) return { is: 'changed' };
  return {
    is: 'read',
    body,
    about: { mtime: secondsOf(before.mtimeNs), mode: Number(before.mode & 0o7777n) },
  };
}

/** Reads as much as there is, and says how much that was. */
async function fill(handle: FileHandle, body: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < body.length) {
    const { bytesRead } = await handle.read(body, filled, body.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** Decimal, with nine digits behind the point where they say anything. */
export function secondsOf(ns: bigint): string {
  const digits = String(ns < 0n ? -ns : ns).padStart(10, '0');
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
  return `${ns < 0n ? '-' : ''}${text === '' ? '0' : text}`;
}
