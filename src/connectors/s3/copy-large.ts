// Copies an object in parts, side by side and over any number of attempts: what its upload has already is not copied again.
import { createHash } from 'node:crypto';
import type { Context } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import { copiedPieceBytes } from '../objects/pieces.js';
import type { About, CopiedBy, ListedObject, ReadResult } from '../objects/tree.js';
import type { CopyTreeOptions } from './copy-options.js';
import { isCalled, isRefusal } from './faults.js';
import { partNumberOf } from './target.js';
import { partsOf } from './uploads.js';

interface Place {
  readonly offset: number;
  readonly length: number;
}

interface Open {
  readonly by: Exclude<CopiedBy, 'there'>;
  readonly about: About;
  readonly handle: string;
  /** By number: those that are there, and those on their way. */
  readonly parts: Map<number, Promise<void>>;
}

export interface LargeCopy {
  /** The part at `place`; with the last one the object is made. */
  copy(ctx: Context, object: ListedObject, place: Place): Promise<ReadResult>;
  /** The name of the note that is kept of its upload. */
  nameOf(object: ListedObject): string;
  /** Forgets what it knew of objects. */
  clear(): void;
}

/** The object is not what it was listed as. */
class Lost extends Error {
  constructor(readonly result: ReadResult) {
    super(result.is);
  }
}

export function createLargeCopy(options: CopyTreeOptions): LargeCopy {
  const { from, target, copier, notes, to, replace, share, way } = options;
  const opened = new Map<string, Promise<Open>>();
  /** Those that the server would not copy. */
  const refused = new Set<string>();

  const nameOf = ({ key, version }: ListedObject): string =>
    `${to.client.bucket}/${to.root}${key} ${version}`;
  const uploadOf = ({ key }: ListedObject, UploadId: string) => ({
    Bucket: to.client.bucket,
    Key: to.root + key,
    UploadId,
  });
  const entryOf = ({ key, size, version }: ListedObject, { about }: Pick<Open, 'about'>, offset = 0) => ({
    ...about,
    key,
    size,
    version,
    offset,
  });

  function openOf(ctx: Context, object: ListedObject): Promise<Open> {
    const name = nameOf(object);
    const found = opened.get(name) ?? begin(ctx, object);
    opened.set(name, found);
    found.catch(() => opened.delete(name));
    return found;
  }

  async function begin(ctx: Context, object: ListedObject): Promise<Open> {
    const name = nameOf(object);
    const by = way.byServer && !refused.has(name) ? 'server' : 'worker';
    // What is known of it comes with its first byte, and with what it may be asked for.
    const first = await from.read(ctx, object, { offset: 0, length: 1 });
    if (first.is !== 'read') throw new Lost(first);
    const { about } = first;
    const before = await resumed(ctx, object, `${by} ${name}`);
    if (before) return { by, about, ...before };
    const handle =
      by === 'server'
        ? await copier.begin(ctx, object, about)
        : await target.begin(ctx, entryOf(object, { about }));
    const { Bucket, Key } = uploadOf(object, handle);
    await notes.put(`${by} ${name}`, { bucket: Bucket, key: Key, uploadId: handle });
    return { by, about, handle, parts: new Map() };
  }

  /** The upload of an attempt before this one, where it goes on. */
  async function resumed(
    ctx: Context,
    object: ListedObject,
    note: string,
  ): Promise<Pick<Open, 'handle' | 'parts'> | null> {
    const handle = (await notes.get(note))?.uploadId;
    if (handle === undefined) return null;
    try {
      const parts = await partsOf(to.client, ctx, object.key, uploadOf(object, handle));
      const numbers = parts.map(({ PartNumber = 0 }) => [PartNumber, Promise.resolve()] as const);
      return { handle, parts: new Map(numbers) };
    } catch (error) {
      if (isCalled(error, 'NoSuchUpload')) return null;
      throw error;
    }
  }

  function ensure(ctx: Context, object: ListedObject, open: Open, place: Place): Promise<void> {
    const number = partNumberOf({ size: object.size, offset: place.offset });
    const part = open.parts.get(number) ?? send(ctx, object, open, place);
    open.parts.set(number, part);
    part.catch(() => open.parts.delete(number));
    return part;
  }

  async function send(ctx: Context, object: ListedObject, open: Open, place: Place): Promise<void> {
    const { by, handle } = open;
    if (by === 'server') return copier.part(ctx, object, uploadOf(object, handle), place);
    await share.hold(place.length, async () => {
      const read = await from.read(ctx, object, place);
      if (read.is !== 'read') throw new Lost(read);
      await target.add(ctx, entryOf(object, open, place.offset), handle, read.body);
    });
    // It can be read and written, and the server would not copy it.
    way.byServer = false;
  }

  async function finish(ctx: Context, object: ListedObject, open: Open): Promise<ReadResult> {
    const length = copiedPieceBytes(object.size);
    for (let offset = 0; offset < object.size; offset += length) {
      await ensure(ctx, object, open, { offset, length: Math.min(length, object.size - offset) });
    }
    const upload = uploadOf(object, open.handle);
    const note = { bucket: upload.Bucket, key: upload.Key, uploadId: open.handle };
    // Written before, so that an attempt which never hears of its end is known again.
    const done = etagOf(await partsOf(to.client, ctx, object.key, upload));
    await notes.put(nameOf(object), { ...note, done });
    if (!(await target.finish(ctx, entryOf(object, open), open.handle, replace))) return { is: 'changed' };
    const { size, version } = await copier.see(ctx, object.key);
    if (size !== object.size) throw misshapen(object, size);
    if (version !== done) await notes.put(nameOf(object), { ...note, done: version });
    return { is: 'copied', by: open.by };
  }

  async function copy(ctx: Context, object: ListedObject, place: Place): Promise<ReadResult> {
    try {
      const open = await openOf(ctx, object);
      return await copyInto(ctx, object, open, place);
    } catch (error) {
      if (error instanceof Lost) return error.result;
      // Made, or given up, by an attempt that went on beside this one.
      if (isCalled(error, 'NoSuchUpload')) return { is: 'changed' };
      throw error;
    }
  }

  async function copyInto(ctx: Context, object: ListedObject, open: Open, place: Place): Promise<ReadResult> {
    try {
      await ensure(ctx, object, open, place);
      const isLast = place.offset + place.length === object.size;
      return isLast ? await finish(ctx, object, open) : { is: 'copied', by: open.by };
    } catch (error) {
      if (open.by === 'worker' || !isRefusal(error)) throw error;
      // Other parts may have met it as well.
      if (!refused.has(nameOf(object))) opened.delete(nameOf(object));
      refused.add(nameOf(object));
      return copy(ctx, object, place);
    }
  }

  return {
    copy,
    nameOf,
    clear() {
      opened.clear();
      refused.clear();
    },
  };
}

/** What servers call an object that is made of these parts, unless they encrypt it. */
function etagOf(parts: readonly { readonly ETag: string | undefined }[]): string {
  const sums = parts.map(({ ETag = '' }) => Buffer.from(ETag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(sums)).digest('hex')}-${parts.length}"`;
}

function misshapen({ key, size }: ListedObject, found: number): LonghaulError {
  return new LonghaulError('response_invalid', `The copy of ${key} has ${found} of ${size} bytes.`);
}
