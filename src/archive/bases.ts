// What a job's archive refers to: settled when the job begins, and proved again before it is sealed.
import { z } from 'zod';
import type { Sink } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import type { Base } from './base.js';
import { isSealed, type Folder } from './claim.js';
import { NamedDamage } from './damage.js';
import { baseRefSchema, type BaseRef } from './format.js';
import { BASES, WORK } from './layout.js';
import { decodeJson, encodeJson } from './objects.js';
import { readAll } from '../core/read-all.js';
import { manifestOf } from './referred.js';

const basesSchema = z.array(baseRefSchema);

/** The sink of an archive that may refer to `base` and to what that refers to. */
export function onBase(sink: Sink, folder: Folder, base: Pick<Base, 'refs'>): Sink {
  const { store, path } = folder;
  return {
    ...sink,
    async begin(ctx, streams) {
      const refs = await base.refs();
      await sink.begin(ctx, streams);
      if (await isSealed(folder)) return;
      await store.put(`${path}/${BASES}`, encodeJson(refs), { ifAbsent: true });
      // Whatever it says, an archive that was put in the place of the base meanwhile is another one.
      const kept = await keptBases(store, path);
      if (await isSealed(folder)) await store.removeAll(`${path}/${WORK}`);
      else if (kept[0]?.sha256 !== refs[0]?.sha256)
        throw changed(refs[0]!.archive, 'it is another one by now');
    },
  };
}

/** Those that the job began with. */
export async function keptBases(store: Store, path: string): Promise<readonly BaseRef[]> {
  const file = `${path}/${BASES}`;
  return decodeJson(await readAll(store, file), basesSchema, 'chain_broken', file);
}

/** Throws `base_unsuitable` where one of them is not what it was. */
export async function proveBases(store: Store, bases: readonly BaseRef[]): Promise<void> {
  for (const base of bases) {
    await manifestOf(store, base).catch((error: unknown) => {
      throw error instanceof NamedDamage ? changed(base.archive, error.message) : error;
    });
  }
}

function changed(archive: string, how: string): LonghaulError {
  return new LonghaulError('base_unsuitable', `The base ${archive} changed while it was used: ${how}.`);
}
