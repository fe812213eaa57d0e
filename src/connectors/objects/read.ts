// Reads the objects of a range of keys in pages: small ones together, large ones piece after piece.
import { z } from 'zod';
import type { Context, Cursor, Page } from '../../core/connector.js';
import type { KnownObject } from '../../core/known.js';
import { writeEntry } from '../../records/tar/entry.js';
import { writeReference } from '../../records/tar/reference.js';
import type { Filter } from './filter.js';
import { inOrder, type Bounds } from './in-order.js';
import { createPageBuilder, type PageBuilder } from './page.js';
import type { KeyRange, ListedObject, ObjectTree, ReadResult, Refusal } from './tree.js';
import { createUnchanged, type Unchanged } from './unchanged.js';

/** `part`: how far the object after `after` was read. */
export const cursorSchema = z.object({
  after: z.string().nullable(),
  part: z.object({ key: z.string(), version: z.string(), offset: z.number() }).optional(),
});
type Position = z.infer<typeof cursorSchema>;

export interface ReadOptions {
  readonly tree: ObjectTree;
  readonly filter: Filter;
  readonly range: KeyRange;
  readonly from: Cursor | null;
  /** Records in a page, at most. */
  readonly pageSize: number;
  /** Of an object of that size: how large its pieces are, but for the last. */
  readonly pieceBytes: (size: number) => number;
  readonly bounds: Bounds;
  /** What an earlier backup holds of objects with keys after one. */
  readonly known?: ((after: string | null) => AsyncIterable<KnownObject>) | undefined;
}

/** One read of an object. `bytes`: 0 where it is only passed by. */
interface Job {
  readonly object: ListedObject;
  readonly offset: number;
  readonly bytes: number;
  readonly isLast: boolean;
  /** It need not be read. */
  readonly known?: KnownObject;
}

/** An object that changes as often as this while it is read is set aside. */
const MOST_CHANGES = 5;

export async function* readObjects(ctx: Context, options: ReadOptions): AsyncGenerator<Page> {
  let position: Position = options.from ? cursorSchema.parse(options.from) : { after: options.range.after };
  const changes = { key: '', count: 0 };
  for (;;) {
    const reading = readFrom(ctx, options, position, changes.count >= MOST_CHANGES ? changes.key : null);
    const changed = yield* followed(reading, (next) => (position = next));
    if (changed === null) return;
    changes.count = changed === changes.key ? changes.count + 1 : 1;
    changes.key = changed;
  }
}

/** Passes pages on; returns the key of an object that changed, from which on all has to be listed again. */
async function* followed(
  reading: AsyncGenerator<Step, string | null>,
  moved: (to: Position) => void,
): AsyncGenerator<Page, string | null> {
  for (;;) {
    const { value, done } = await reading.next();
    if (done) return value;
    moved(value.position);
    if (value.page) yield value.page;
  }
}

interface Step {
  /** null: nothing is in it. */
  readonly page: Page | null;
  readonly position: Position;
}

/** `restless`: the key of an object that is to be set aside, since it never keeps still. */
async function* readFrom(
  ctx: Context,
  { tree, filter, range, pageSize, pieceBytes, bounds, known }: ReadOptions,
  start: Position,
  restless: string | null,
): AsyncGenerator<Step, string | null> {
  const page = createPageBuilder(pageSize);
  let position = start;
  /** Its other pieces are no use. */
  let lost: string | null = null;
  const isWanted = ({ key }: ListedObject) => filter(key) && key !== lost;
  const listed = tree.list(ctx, { after: start.after, to: range.to });
  const unchanged = createUnchanged(known?.(start.after) ?? NOTHING_KNOWN, ctx.stop);
  const run = async ({ object, offset, bytes, known: kept }: Job): Promise<Result | null> => {
    if (kept) return { is: 'unchanged', kept };
    if (!filter(object.key)) return null;
    if (object.key === restless) return { is: 'refused', why: RESTLESS(object) };
    if (object.refused) return { is: 'refused', why: object.refused };
    return tree.read(ctx, object, { offset, length: bytes });
  };

  const jobs = jobsOf(listed, start, pieceBytes, isWanted, unchanged);
  try {
    for await (const { job, result } of inOrder(jobs, run, bounds, ctx.stop)) {
      if (result === null) {
        position = { after: job.object.key };
        yield { page: page.take(cursorOf(position)) ?? nothing(position), position };
        continue;
      }
      if (job.object.key === lost) continue;
      if (result.is === 'changed') {
        yield { page: page.take(cursorOf(position)), position: { after: position.after } };
        return job.object.key;
      }
      if (result.is === 'unchanged') page.add(result.kept.pieces.map(writeReference), 1);
      else if (result.is === 'read') addTo(page, job, result);
      else if (result.is === 'copied') page.copied(result.by, job.bytes, job.isLast ? 1 : 0);
      else lost = job.object.key;
      if (result.is === 'refused') page.reject(rejectOf(result.why));
      position = positionAfter(position, job, lost);
      if (page.isFull()) yield { page: page.take(cursorOf(position)), position };
    }
  } catch (error) {
    // What came before it is not read again.
    yield { page: page.take(cursorOf(position)), position };
    throw error;
  } finally {
    await unchanged.close();
  }
  yield { page: page.take(null), position };
  return null;
}

type Result = ReadResult | { readonly is: 'unchanged'; readonly kept: KnownObject };

async function* NOTHING(): AsyncGenerator<KnownObject> {}
const NOTHING_KNOWN = { [Symbol.asyncIterator]: NOTHING };

async function* jobsOf(
  listed: AsyncIterable<readonly ListedObject[]>,
  { part }: Position,
  pieceBytes: ReadOptions['pieceBytes'],
  isWanted: (object: ListedObject) => boolean,
  unchanged: Unchanged,
): AsyncGenerator<Job> {
  for await (const objects of listed) {
    const last = objects.at(-1);
    for (const object of objects) {
      const isBegun = object.key === part?.key && object.version === part.version;
      const known = !isBegun && isWanted(object) ? await unchanged.of(object) : null;
      if (known) {
        yield { object, offset: 0, bytes: 0, isLast: true, known };
        continue;
      }
      const size = pieceBytes(object.size);
      let offset = isBegun ? part.offset : 0;
      do {
        if (!isWanted(object)) break;
        const bytes = Math.min(size, object.size - offset);
        yield { object, offset, bytes, isLast: offset + bytes === object.size };
        offset += bytes;
      } while (offset < object.size);
    }
    // So that a listing without anything that is wanted is not read again either.
    if (last && !isWanted(last)) yield { object: last, offset: 0, bytes: 0, isLast: true };
  }
}

const nothing = (position: Position): Page => ({
  payload: { format: 'tar', chunks: [] },
  records: 0,
  next: cursorOf(position),
});

function addTo(
  page: PageBuilder,
  { object, offset, isLast }: Job,
  result: ReadResult & { is: 'read' },
): void {
  const { key, size, version } = object;
  // What is known of an object stands with its first piece.
  const about = offset === 0 ? result.about : { mtime: result.about.mtime, mode: result.about.mode };
  page.add(writeEntry({ ...about, key, size, offset, version }, result.body), isLast ? 1 : 0);
}

function positionAfter(
  before: Position,
  { object, offset, bytes, isLast }: Job,
  lost: string | null,
): Position {
  const { key, version } = object;
  if (isLast || key === lost) return { after: key };
  return { after: before.after, part: { key, version, offset: offset + bytes } };
}

const cursorOf = ({ after, part }: Position): Cursor => ({ after, ...(part && { part: { ...part } }) });

const rejectOf = ({ code, message }: Refusal) => ({ code, message, records: 1, payload: null });

const RESTLESS = ({ key }: ListedObject): Refusal => ({
  code: 'object_changing',
  message: `${key} changed each of the ${MOST_CHANGES} times that it was read.`,
});
