// Writes an object that comes in pieces, over any number of attempts.
import { z } from 'zod';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { ObjectEntry, WholeEntry } from '../../records/tar/entry.js';
import { conflict, expectSame } from './same.js';
import type { ObjectTarget } from './target.js';

/** `key` in base64, so that its length has a bound. `handle` null: the object is there already, and is held against the pieces. */
export const openSchema = z.object({ key: z.string(), handle: z.string().nullable(), next: z.number() });
type Open = z.infer<typeof openSchema>;

export interface LargeWriter {
  /** The next piece. Once it throws, it throws for the rest of the object, too. */
  add(piece: WholeEntry): Promise<void>;
  state(): Open | null;
}

export function createLargeWriter(
  ctx: Context,
  target: ObjectTarget,
  replace: boolean,
  from: Open | null,
): LargeWriter {
  let open = from;

  async function begin(object: ObjectEntry): Promise<Open> {
    const there = replace ? null : await target.size(ctx, object.key);
    if (there !== null && there !== object.size) throw conflict(object.key);
    return { key: encoded(object), handle: there === null ? await target.begin(ctx, object) : null, next: 0 };
  }

  async function write(at: Open, { entry, body, isLast }: WholeEntry): Promise<Open | null> {
    const { handle } = at;
    const isWritten = handle !== null && (await unlessGone(() => writeTo(handle, { entry, body, isLast })));
    if (!isWritten) await expectSame(ctx, target, entry, body);
    const next = entry.offset + body.length;
    return isLast ? null : { key: at.key, handle: isWritten ? handle : null, next };
  }

  async function writeTo(
    handle: string,
    { entry, body, isLast }: Pick<WholeEntry, 'entry' | 'body' | 'isLast'>,
  ): Promise<boolean> {
    await target.add(ctx, entry, handle, body);
    return !isLast || target.finish(ctx, entry, handle, replace);
  }

  return {
    async add(piece) {
      const { entry } = piece;
      const before = open;
      open = null;
      const at = entry.offset === 0 ? await begin(entry) : before;
      if (at?.key !== encoded(entry) || at.next !== entry.offset) throw incomplete(entry);
      open = await write(at, piece);
    },
    state: () => open,
  };
}

const encoded = ({ key }: ObjectEntry): string => Buffer.from(key).toString('base64');

/** What an attempt before this one has finished is held against the pieces. */
async function unlessGone(step: () => Promise<boolean>): Promise<boolean> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof LonghaulError && error.code === 'object_missing') return false;
    throw error;
  }
}

function incomplete({ key }: ObjectEntry): LonghaulError {
  return new LonghaulError(
    'archive_damaged',
    `The pieces of ${key} before this one are missing, or were refused.`,
  );
}
