// Ends a comparison: stream after stream, then the index that says what was found; then all work files go.
import { withdrawn, isClaimed } from '../archive/claim.js';
import type { ArchiveHead, LedgerRef } from '../archive/format.js';
import { CLAIM } from '../archive/layout.js';
import { allHeads } from '../archive/ledger.js';
import { encodeJson, sha256 } from '../archive/objects.js';
import type { Context, Head, SealSummary } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import type { Store } from '../core/store.js';
import { readIndex, type Counts, type DifferencesIndex } from './differences.js';
import { countsPath, DIFFERENCES, findingsFolder, INDEX, markPath, RUNS } from './layout.js';
import type { Place } from './list.js';
import { sideAndStream } from './names.js';
import { compareStream, type StreamResult } from './stream.js';

/** All are counted. */
const MOST_LISTED = 100_000;

export interface Comparison {
  readonly store: Store;
  readonly folder: string;
  readonly job: string;
}

/**
 * A repeated call goes on where the last one ended, and gives the same. A job that begins anew seals other heads: what
 * it found takes the place of what it found before.
 */
export async function sealComparison(
  ctx: Context,
  it: Comparison,
  { heads, settled }: { readonly heads: readonly Head[]; readonly settled: LedgerRef | null },
): Promise<SealSummary> {
  const { store, folder } = it;
  const work = sha256(encodeJson([heads, settled])).slice(0, 16);
  const isSealed = async (): Promise<boolean> => (await readIndex(store, folder))?.work === work;
  try {
    if (!(await isSealed()))
      await publish(ctx, it, work, await allHeads(store, `${folder}/${RUNS}`, settled, heads));
  } catch (error) {
    // Another attempt may have sealed it meanwhile and cleared away what this one was reading.
    if (await isSealed()) return conclude(it, work);
    await withdraw(it, work);
    throw error;
  }
  return conclude(it, work);
}

async function conclude(it: Comparison, work: string): Promise<SealSummary> {
  const index = await readIndex(it.store, it.folder);
  if (index === null) throw withdrawn(it.folder);
  await tidy(it, work);
  return summaryOf(index);
}

/** Where the job was given up meanwhile, nobody else clears away what the seal still wrote. */
async function withdraw({ store, folder, job }: Comparison, work: string): Promise<void> {
  const runs = `${folder}/${RUNS}`;
  if (await isClaimed({ store, path: runs, job })) return;
  for (const path of [runs, `${folder}/${findingsFolder(work)}`]) await store.removeAll(path);
  await store.sweep(folder);
}

async function publish(
  ctx: Context,
  it: Comparison,
  work: string,
  heads: readonly ArchiveHead[],
): Promise<void> {
  const { store, folder, job } = it;
  const runs = `${folder}/${RUNS}`;
  await store.put(`${folder}/${markPath(work)}`, encodeJson({ job }));
  if (!(await isClaimed({ store, path: runs, job }))) throw withdrawn(runs);
  const results = await compareAll(ctx, { store, folder, work }, heads);
  await store.put(`${folder}/${countsPath(work)}`, Buffer.concat(results.map(countsLine)));
  await store.put(`${folder}/${INDEX}`, encodeJson(indexOf(work, results)));
  if (await isClaimed({ store, path: runs, job })) return;
  // Either another attempt has cleared up behind the index, or the job was given up: that took the mark away as well.
  if (await store.stat(`${folder}/${markPath(work)}`)) return;
  await store.removeAll(`${folder}/${DIFFERENCES}`);
  throw withdrawn(runs);
}

async function compareAll(
  ctx: Context,
  place: Place,
  heads: readonly ArchiveHead[],
): Promise<StreamResult[]> {
  const results: StreamResult[] = [];
  let room = MOST_LISTED;
  for (const [stream, of] of byStream(heads)) {
    if (ctx.stop.aborted || ctx.signal.aborted) throw new Stopped();
    const result = await compareStream(ctx, place, { stream, heads: of, room });
    results.push(result);
    room -= result.listed;
  }
  return results;
}

function byStream(heads: readonly ArchiveHead[]): [string, ArchiveHead[]][] {
  const streams = new Map<string, ArchiveHead[]>();
  for (const head of heads) {
    const { stream } = sideAndStream(head.stream);
    streams.set(stream, [...(streams.get(stream) ?? []), head]);
  }
  return [...streams].sort(([a], [b]) => (a < b ? -1 : 1));
}

function countsLine({ stream, counts, only }: StreamResult): Buffer {
  return encodeJson({ stream, ...counts, ...(only && { only }) });
}

function indexOf(work: string, results: readonly StreamResult[]): DifferencesIndex {
  const sum = (of: (result: StreamResult) => number): number =>
    results.reduce((all, each) => all + of(each), 0);
  const total = (what: keyof Counts): number => sum(({ counts }) => counts[what]);
  const counts: Counts = {
    same: total('same'),
    added: total('added'),
    removed: total('removed'),
    changed: total('changed'),
    duplicates: total('duplicates'),
  };
  const listed = sum((result) => result.listed);
  const parts = results.flatMap((result) => result.parts);
  return { work, counts, bytes: sum(({ bytes }) => bytes), notes: notesOf(results, listed), listed, parts };
}

function notesOf(results: readonly StreamResult[], listed: number): string[] {
  const named = (side: StreamResult['only']): string[] =>
    results.filter((each) => each.only === side).map((each) => each.stream);
  return [
    ...onlyNote('Only in the archive', named('archive')),
    ...onlyNote('Only in what it is compared with', named('against')),
    ...(listed === MOST_LISTED ? [`The first ${MOST_LISTED} differences are listed, all are counted.`] : []),
  ];
}

const MOST_NAMED = 10;

function onlyNote(where: string, streams: readonly string[]): string[] {
  if (streams.length === 0) return [];
  const more = streams.length > MOST_NAMED ? ` and ${streams.length - MOST_NAMED} more` : '';
  return [`${where}: ${streams.slice(0, MOST_NAMED).join(', ')}${more}.`];
}

/** The claim goes first: whoever still writes sees that, and withdraws. */
async function tidy({ store, folder }: Comparison, work: string): Promise<void> {
  await store.remove(`${folder}/${RUNS}/${CLAIM}`);
  await store.removeAll(`${folder}/${RUNS}`);
  for await (const { path } of store.list(`${folder}/${DIFFERENCES}`)) {
    const isNew = path === `${folder}/${INDEX}` || path.startsWith(`${folder}/${findingsFolder(work)}/`);
    if (!isNew) await store.remove(path);
  }
  await store.sweep(folder);
}

/** `records`: those that were held against each other, a pair as one. */
function summaryOf({ counts, bytes, notes }: DifferencesIndex): SealSummary {
  const records = counts.same + counts.added + counts.removed + counts.changed;
  return {
    records,
    bytes,
    storedBytes: 0,
    segments: 0,
    differences: counts,
    ...(notes.length > 0 && { notes }),
  };
}
