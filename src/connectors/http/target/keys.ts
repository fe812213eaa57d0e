// The keys that a job's target has given anew: noted while a stream is written, found again for those that refer to it.
import type { Context } from '../../../core/connector.js';
import type { Beside } from '../../../core/registry.js';
import type { Shared } from '../shared.js';
import { createKeyLookup, type KeyLookup } from './key-lookup.js';
import { readAll } from '../../../core/read-all.js';
import { keysFolder, putRun, runsFolder, type KeyPair } from './key-runs.js';
import { indexOf, type KeyIndex } from './key-table.js';

export interface Keys {
  /** Before the first stream. Harmless when repeated. */
  begin(): Promise<void>;
  /** Durably. `name` stands for what it is: noted again it is the same. */
  note(stream: string, run: { readonly name: string; readonly pairs: readonly KeyPair[] }): Promise<void>;
  /** Of a stream that is written whole. Throws `Stopped`. */
  lookup(ctx: Context, stream: string): Promise<KeyLookup>;
}

/** `building`: of the process, so that its lanes make an index together. */
export function createKeys({ store, folder, before }: Beside, building: Shared<KeyIndex>): Keys {
  /** The job's, after those of the jobs whose rejects it tries again. */
  async function runsOf(stream: string): Promise<string[]> {
    const runs = [runsFolder(folder, stream)];
    for (let at = before; at !== null; at = await linkedFrom(at)) runs.unshift(runsFolder(at, stream));
    return runs;
  }

  async function linkedFrom(of: string): Promise<string | null> {
    if (!(await store.stat(link(of)))) return null;
    return JSON.parse((await readAll(store, link(of))).toString('utf8')) as string;
  }

  return {
    async begin() {
      if (before !== null) await store.put(link(folder), Buffer.from(JSON.stringify(before)));
    },
    note: (stream, run) => putRun(store, folder, stream, run),
    async lookup(ctx, stream) {
      const at = keysFolder(folder, stream);
      const index = await building(at, ctx.stop, async () =>
        indexOf(ctx, { store, runs: await runsOf(stream), folder: at }),
      );
      return createKeyLookup(store, index);
    },
  };
}

/** Where it says whose rejects a job tries again. */
function link(folder: string): string {
  return `${folder}/keys/before.json`;
}
