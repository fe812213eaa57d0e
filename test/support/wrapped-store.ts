// Stores that misbehave at a chosen operation: to run a job once for every operation it makes, and break it or hold it up
// at each in turn.
import { LonghaulError } from '../../src/core/errors.js';
import type { ObjectWriter, Store } from '../../src/core/store.js';

export interface Fault {
  /** The number of the operation, from 0; with `takesEffect`, of those that change something. */
  readonly at: number;
  /** Whether the operation takes effect before it fails. */
  readonly takesEffect: boolean;
  /** Whether every later operation fails as well, as if the process had died. */
  readonly forGood: boolean;
}

export interface WrappedStore extends Store {
  /** The operation that was broken or held up; null: the job made fewer. */
  reached(): string | null;
}

const CHANGES = /^(create|write|commit|abort|put|remove|removeAll|sweep) /;

export function createFaultyStore(store: Store, fault: Fault): WrappedStore {
  let operations = 0;
  let broken: string | null = null;
  const wrapped = createSteppedStore(store, async (name, run) => {
    const counts = !fault.takesEffect || CHANGES.test(name);
    const isNow = counts && operations === fault.at;
    operations += counts ? 1 : 0;
    if (broken !== null && fault.forGood) throw failure(name);
    if (!isNow) return run();
    broken = name;
    if (fault.takesEffect) await run();
    throw failure(name);
  });
  return { ...wrapped, reached: () => broken };
}

/** Before its `at`th operation takes place, all of `meanwhile` does. */
export function createHeldUpStore(store: Store, at: number, meanwhile: () => Promise<void>): WrappedStore {
  let operations = 0;
  let heldUp: string | null = null;
  const wrapped = createSteppedStore(store, async (name, run) => {
    const isNow = operations === at;
    operations += 1;
    if (isNow) {
      heldUp = name;
      await meanwhile();
    }
    return run();
  });
  return { ...wrapped, reached: () => heldUp };
}

/** Runs an operation when it is its turn. Its name says what it does to which object. */
export type Step = <T>(name: string, run: () => Promise<T>) => Promise<T>;

export function createSteppedStore(store: Store, step: Step): Store {
  const writers: ObjectWriter[] = [];

  const wrapWriter = (writer: ObjectWriter, path: string): ObjectWriter => {
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
    create: (path) => step(`create ${path}`, async () => wrapWriter(await store.create(path), path)),
    put: (path, bytes, options) => step(`put ${path}`, () => store.put(path, bytes, options)),
    read: (path, range) => walk(`read ${path}`, store.read(path, range)),
    stat: (path) => step(`stat ${path}`, () => store.stat(path)),
    list: (prefix) => walk(`list ${prefix}`, store.list(prefix)),
    folders: (path) => walk(`folders ${path}`, store.folders(path)),
    remove: (path) => step(`remove ${path}`, () => store.remove(path)),
    removeAll: (prefix) => step(`removeAll ${prefix}`, () => store.removeAll(prefix)),
    sweep: (prefix) => step(`sweep ${prefix}`, () => store.sweep(prefix)),
    // Lets go of the files that a killed process would have held open.
    close: async () => {
      for (const writer of writers) await writer.abort();
      await store.close();
    },
  };
}

function failure(name: string): LonghaulError {
  return new LonghaulError('source_unreachable', `broken on purpose: ${name}`);
}
