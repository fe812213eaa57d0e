// Ends a comparison: stream after stream, then the index that says what was found; then all work files go.
import { isClaimed, withdrawn, type Folder } from '../archive/claim.js';
import type { ArchiveHead, LedgerRef } from '../archive/format.js';
import { CLAIM } from '../archive/layout.js';
import { allHeads } from '../archive/ledger.js';
import { encodeJson, sha256 } from '../archive/objects.js';
import type { Context, Head, SealSummary } from '../core/connector.js';
import { Stopped } from '../core/errors.js';
import { readIndex, type Counts, type DifferencesIndex } from './differences.js';
import { countsPath, DIFFERENCES, findingsFolder, INDEX, markPath } from './layout.js';
import type { Place } from './list.js';
import { sideAndStream } from './names.js';
import { compareStream, type StreamResult } from './stream.js';

/** All are counted. */
const MOST_LISTED = 100_000;

export interface Comparison {
  /** What is sealed, in the store's folder of the job. */
  readonly runs: Folder;
  /** Of the job. */
  readonly folder: string;
}

/**
 * A repeated call goes on where the last one ended, and gives the same. A job that begins anew seals other heads: what
 * it found takes the place of what it found before.
 */
export async function sealComparison(
  ctx: Context,
  { runs, folder }: Comparison,
  { heads, settled }: { readonly heads: readonly Head[]; readonly settled: LedgerRef | null },
): Promise<SealSummary> {
  const { store } = runs;
  const place: Place = { store, folder, work: sha256(encodeJson([heads, settled])).slice(0, 16) };
  const isSealed = async (): Promise<boolean> => (await readIndex(store, folder))?.work === place.work;
  try {
    if (!(await isSealed()))
      await publish(ctx, runs, place, await allHeads(store, runs.path, settled, heads));
  } catch (error) {
    // Another attempt may have sealed it meanwhile and cleared away what this one was reading.
    if (!(await isSealed())) {
      await withdraw(runs, place);
      throw error;
    }
  }
  return conclude(runs, place);
}

async function publish(
  ctx: Context,
  runs: Folder,
  place: Place,
  heads: readonly ArchiveHead[],
): Promise<void> {
  const { store, folder, work } = place;
  const mark = `${folder}/${markPath(work)}`;
  await store.put(mark, encodeJson({ job: runs.job }));
  if (!(await isClaimed(runs))) throw withdrawn(runs.path);
  const results = await compareAll(ctx, place, heads);
  await store.put(`${folder}/${countsPath(work)}`, Buffer.concat(results.map(countsLine)));
  await store.put(`${folder}/${INDEX}`, encodeJson(indexOf(work, results)));
  if (await isClaimed(runs)) return;
  // Either another attempt has cleared up behind the index, or the job was given up: that took the mark away as well.
  if (await store.stat(mark)) return;
  await store.removeAll(`${folder}/${DIFFERENCES}`);
  throw withdrawn(runs.path);
}

/** Where the job was given up meanwhile, nobody else clears away what the seal still wrote. */
async function withdraw(runs: Folder, { store, folder, work }: Place): Promise<void> {
  if (await isClaimed(runs)) return;
  for (const path of [runs.path, `${folder}/${findingsFolder(work)}`]) await store.removeAll(path);
  await store.sweep(folder);
}

async function conclude(runs: Folder, place: Place): Promise<SealSummary> {
  const index = await readIndex(place.store, place.folder);
  if (index === null) throw withdrawn(runs.path);
  await tidy(runs, place);
  return summaryOf(index);
}

/** The claim goes first: whoever still writes sees that, and withdraws. */
async function tidy(runs: Folder, { store, folder, work }: Place): Promise<void> {
  await store.remove(`${runs.path}/${CLAIM}`);
  await store.removeAll(runs.path);
  for await (const { path } of store.list(`${folder}/${DIFFERENCES}`)) {
    const isNew = path === `${folder}/${INDEX}` || path.startsWith(`${folder}/${findingsFolder(work)}/`);
    if (!isNew) await store.remove(path);
  }
  await store.sweep(folder);
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
    const known = streams.get(stream);
    if (known) known.push(head);
    else streams.set(stream, [head]);
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
