// A store that breaks at a chosen operation: to run a job once for every operation it makes, and break each in turn.
import { LonghaulError } from '../../src/core/errors.js';
import type { ObjectWriter, Store } from '../../src/core/store.js';

export interface Fault {
  /** The number of the operation, from 0. */
  readonly at: number;
  /** Whether the operation takes effect before it fails. */
  readonly takesEffect: boolean;
  /** Whether every later operation fails as well, as if the process had died. */
  readonly forGood: boolean;
}

export interface FaultyStore extends Store {
  /** Operations so far. */
  operations(): number;
  /** What broke; null: the job made fewer operations. */
  broken(): string | null;
}

export function createFaultyStore(store: Store, fault: Fault | null): FaultyStore {
  let operations = 0;
  let broken: string | null = null;
  const writers: ObjectWriter[] = [];

  async function step<T>(name: string, run: () => Promise<T>): Promise<T> {
    const isNow = operations === fault?.at;
    operations += 1;
    if (broken !== null && fault?.forGood) throw failure(name);
    if (!isNow) return run();
    broken = name;
    if (fault.takesEffect) await run();
    throw failure(name);
  }

  const wrap = (writer: ObjectWriter, path: string): ObjectWriter => {
    writers.push(writer);
    return {
      write: (bytes) => step(`write ${path}`, () => writer.write(bytes)),
      commit: () => step(`commit ${path}`, () => writer.commit()),
      abort: () => step(`abort ${path}`, () => writer.abort()),
    };
  };

  async function* walk<T>(name: string, items: AsyncIterable<T>): AsyncGenerator<T> {
    await step(name, async () => undefined);
    for await (const item of items) yield step(name, async () => item);
  }

  return {
    create: (path) => step(`create ${path}`, async () => wrap(await store.create(path), path)),
    put: (path, bytes, options) => step(`put ${path}`, () => store.put(path, bytes, options)),
    read: (path, range) => walk(`read ${path}`, store.read(path, range)),
    stat: (path) => step(`stat ${path}`, () => store.stat(path)),
    list: (prefix) => walk(`list ${prefix}`, store.list(prefix)),
    remove: (path) => step(`remove ${path}`, () => store.remove(path)),
    removeAll: (prefix) => step(`removeAll ${prefix}`, () => store.removeAll(prefix)),
    sweep: (prefix) => step(`sweep ${prefix}`, () => store.sweep(prefix)),
    // Lets go of the files that a killed process would have held open.
    close: async () => {
      for (const writer of writers) await writer.abort();
      await store.close();
    },
    operations: () => operations,
    broken: () => broken,
  };
}

function failure(name: string): LonghaulError {
  return new LonghaulError('source_unreachable', `broken on purpose: ${name}`);
}
