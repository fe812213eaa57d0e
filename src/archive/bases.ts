// What a job's archive refers to: settled and marked when the job begins, and proved again before it is sealed.
import { z } from 'zod';
import type { Sink } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import { readAll } from '../core/read-all.js';
import type { Store } from '../core/store.js';
import type { Base } from './base.js';
import { isSealed, readEnding, type Folder } from './claim.js';
import { NamedDamage } from './damage.js';
import { isMarkedForRemoval, markDependent, unmarkDependent } from './dependents.js';
import { baseRefSchema, type BaseRef } from './format.js';
import { BASES, WORK } from './layout.js';
import { decodeJson, encodeJson } from './objects.js';
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
      await hold(folder, refs);
      // One that was overtaken by the job's end must not leave work files in what is done.
      if (await isSealed(folder)) await store.removeAll(`${path}/${WORK}`);
    },
    async discard(ctx) {
      const refs = (await store.stat(`${path}/${BASES}`)) ? await keptBases(store, path) : [];
      await sink.discard(ctx);
      if ((await readEnding(folder))?.kind !== 'sealed') await letGo(folder, refs);
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

/** Marks them, and looks at them after that: a removal does the same the other way round, so that one of both gives way. */
async function hold(folder: Folder, bases: readonly BaseRef[]): Promise<void> {
  const { store, path, job } = folder;
  for (const { archive } of bases) await markDependent(store, archive, { archive: path, job });
  try {
    for (const { archive } of bases) {
      if (await isMarkedForRemoval(store, archive)) throw changed(archive, 'it is being removed');
    }
    await proveBases(store, bases);
  } catch (error) {
    await letGo(folder, bases);
    throw error;
  }
}

async function letGo({ store, job }: Folder, bases: readonly BaseRef[]): Promise<void> {
  for (const { archive } of bases) await unmarkDependent(store, archive, job);
}

function changed(archive: string, how: string): LonghaulError {
  return new LonghaulError('base_unsuitable', `${archive} cannot be the base: ${how}.`);
}
