// A tree of objects that are copied instead of handed out: whoever reads one has it made in the target.
import type { Context } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import type { ListedObject, ObjectTree, ReadResult } from '../objects/tree.js';
import type { CopyTreeOptions } from './copy-options.js';
import { createLargeCopy } from './copy-large.js';
import { isRefusal } from './faults.js';
import { paired, type Paired } from './paired.js';
import { outcomeOf } from './tree.js';

/** Of both sides, compared at a time. */
const COMPARED_BYTES = 16_777_216;

type Look = 'same' | 'other' | 'none' | ReadResult;

export function createS3CopyTree(options: CopyTreeOptions): ObjectTree {
  const { from, target, copier, notes, replace, share, way } = options;
  const large = createLargeCopy(options);
  /** Of objects in parts: asked once. */
  const looks = new Map<string, Promise<Look>>();

  /** What is there already: the same object, another one that stays, or nothing that counts. */
  async function look(ctx: Context, object: Paired): Promise<Look> {
    const { there } = object;
    if (there === null) return 'none';
    if (there.size !== object.size) return replace ? 'none' : 'other';
    if (object.version !== '' && there.version === object.version) return 'same';
    if ((await notes.get(large.nameOf(object)))?.done === there.version) return 'same';
    return replace ? 'none' : compare(ctx, object, there);
  }

  function lookOnce(ctx: Context, object: Paired): Promise<Look> {
    const found = looks.get(object.key) ?? look(ctx, object);
    looks.set(object.key, found);
    found.catch(() => looks.delete(object.key));
    return found;
  }

  /** ETags of objects that were written in parts, or encrypted, say nothing: then the bytes do. */
  async function compare(ctx: Context, object: ListedObject, there: ListedObject): Promise<Look> {
    for (let offset = 0; offset < object.size; offset += COMPARED_BYTES) {
      const place = { offset, length: Math.min(COMPARED_BYTES, object.size - offset) };
      const found = await share.hold(2 * place.length, async () => {
        const [one, other] = await Promise.all([
          from.read(ctx, object, place),
          options.there.read(ctx, there, place),
        ]);
        if (one.is !== 'read') return one;
        if (other.is !== 'read') return { is: 'changed' } as const;
        return Buffer.compare(one.body, other.body) === 0;
      });
      if (found === false) return 'other';
      if (found !== true) return found;
    }
    return 'same';
  }

  async function copyWhole(ctx: Context, object: ListedObject): Promise<ReadResult> {
    if (way.byServer) {
      try {
        await copier.whole(ctx, object);
        return { is: 'copied', by: 'server' };
      } catch (error) {
        if (!isRefusal(error)) throw error;
      }
    }
    const result = await share.hold(object.size, () => through(ctx, object));
    // The object can be read and written, and the server would not copy it.
    if (result.is === 'copied') way.byServer = false;
    return result;
  }

  async function through(ctx: Context, object: ListedObject): Promise<ReadResult> {
    const { key, size, version } = object;
    const read = await from.read(ctx, object, { offset: 0, length: size });
    if (read.is !== 'read') return read;
    const isWritten = await target.put(
      ctx,
      { ...read.about, key, size, offset: 0, version },
      read.body,
      replace,
    );
    return isWritten ? { is: 'copied', by: 'worker' } : { is: 'changed' };
  }

  async function copy(
    ctx: Context,
    object: Paired,
    place: { offset: number; length: number },
  ): Promise<ReadResult> {
    const isWhole = place.length === object.size;
    const found = isWhole ? await look(ctx, object) : await lookOnce(ctx, object);
    if (typeof found !== 'string') return found;
    if (found === 'same') return { is: 'copied', by: 'there' };
    if (found === 'other') return { is: 'refused', why: conflict(object) };
    return isWhole ? copyWhole(ctx, object) : large.copy(ctx, object, place);
  }

  return {
    list(ctx, range) {
      looks.clear();
      large.clear();
      return paired(from.list(ctx, range), options.there.list(ctx, range));
    },
    borders: (ctx, want) => from.borders(ctx, want),
    /** Of objects that `list` gave. */
    async read(ctx, object, place) {
      try {
        return await copy(ctx, object as Paired, place);
      } catch (error) {
        if (ctx.signal.aborted) throw new Stopped();
        return outcomeOf(alone(error));
      }
    },
  };
}

/** What the target refuses of one object is a reject like what the source refuses. */
function alone(error: unknown): unknown {
  if (!(error instanceof LonghaulError) || error.code !== 'record_refused') return error;
  return new LonghaulError('source_refused', error.message, { cause: error.cause });
}

const conflict = ({ key }: ListedObject) =>
  ({ code: 'restore_conflict', message: `Another object has the key ${key}.` }) as const;
