// A store that keeps its objects in memory: a real one, held to the same suite as the others, for tests of many steps.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LonghaulError } from '../../src/core/errors.js';
import type { ObjectWriter, Store, StoredObject } from '../../src/core/store.js';

/** Stores over the same space are as processes over the same folder. */
export interface Space {
  readonly objects: Map<string, Buffer>;
  readonly unfinished: Set<Unfinished>;
}

interface Unfinished {
  readonly path: string;
  readonly chunks: Buffer[];
}

export function newSpace(): Space {
  return { objects: new Map(), unfinished: new Set() };
}

/** For readers that read files. */
export async function writeOut({ objects }: Space, folder: string): Promise<void> {
  for (const [name, bytes] of objects) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

export function createMemoryStore({ objects, unfinished }: Space): Store {
  const pathsBelow = (prefix: string): string[] =>
    [...objects.keys()].filter((path) => isBelow(prefix, path)).sort();
  const objectAt = (path: string): StoredObject | null => {
    const bytes = objects.get(checked(path));
    return bytes ? { path, size: bytes.length } : null;
  };
  const dropUnfinished = (prefix: string): void => {
    for (const each of unfinished) if (isBelow(prefix, each.path)) unfinished.delete(each);
  };

  function create(path: string): ObjectWriter {
    const mine: Unfinished = { path: checked(path), chunks: [] };
    unfinished.add(mine);
    let done = false;
    return {
      write: async (bytes) => void mine.chunks.push(Buffer.from(bytes)),
      async commit() {
        if (!unfinished.delete(mine)) throw new LonghaulError('sink_unwritable', `${path} was swept away.`);
        done = true;
        objects.set(path, Buffer.concat(mine.chunks));
      },
      abort: async () => void (done || unfinished.delete(mine)),
    };
  }

  return {
    create: async (path) => create(path),
    async put(path, bytes, options) {
      if (options?.ifAbsent && objects.has(checked(path))) return false;
      objects.set(checked(path), Buffer.from(bytes));
      return true;
    },
    async *read(path, { start, end } = { start: 0 }) {
      const bytes = objects.get(checked(path));
      if (!bytes) throw new LonghaulError('object_missing', `There is no ${path}.`);
      yield bytes.subarray(start, end);
    },
    stat: async (path) => objectAt(path),
    async *list(prefix) {
      for (const path of pathsBelow(prefix)) {
        const object = objectAt(path);
        if (object) yield object;
      }
    },
    async *folders(path) {
      const start = path === '' ? 0 : path.length + 1;
      const names = pathsBelow(path).map((below) => below.slice(start).split('/'));
      yield* new Set(names.filter(({ length }) => length > 1).map(([name]) => name!));
    },
    remove: async (path) => void objects.delete(checked(path)),
    async removeAll(prefix) {
      for (const path of pathsBelow(checked(prefix))) objects.delete(path);
      dropUnfinished(prefix);
    },
    sweep: async (prefix) => dropUnfinished(checked(prefix)),
    close: async () => undefined,
  };
}

function isBelow(prefix: string, path: string): boolean {
  return prefix === '' || path.startsWith(`${checked(prefix)}/`);
}

function checked(path: string): string {
  const bad = path.split('/').some((part) => ['', '.', '..'].includes(part) || /[\0\\]/.test(part));
  if (bad) throw new LonghaulError('spec_invalid', `Not a path of an object: ${JSON.stringify(path)}.`);
  return path;
}
