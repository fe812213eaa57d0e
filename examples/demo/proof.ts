// Holds the archive against what the sample API served, and says what came of it. Throws at the first difference.
import { join } from 'node:path';
import { bytes, count, counted, duration, secondsBetween } from '../../src/cli/format.js';
import { CHECKPOINT_PAGES, LANES, type BackedUp } from './acts.js';
import { readContents, type StreamContent } from './archive.js';
import type { SampleStats } from './sample.js';
import { PAGE_SIZE } from './stage.js';
import type { Usage } from './temporal.js';

export interface Evidence extends BackedUp {
  readonly usage: Usage;
  readonly stats: SampleStats;
  /** Folder of the connection `vault`. */
  readonly vault: string;
}

export async function prove(evidence: Evidence): Promise<[label: string, value: string][]> {
  const { job, killed, recovery, usage, stats } = evidence;
  const folder = join(evidence.vault, job.archive?.slice('vault/'.length) ?? '');
  const records = compare(await readContents(folder), stats);
  if (sum(Object.values(stats.faults)) === 0)
    throw new Error('the sample API gave no fault on the way, so nothing was proven against one');
  checkRepeats(stats);
  return [
    [
      'records',
      `${count(records)}, each exactly once: sha256 of every stream is that of what the API serves`,
    ],
    ['bytes', bytesText(evidence)],
    ['time', durationText(evidence)],
    ['pages', pagesText(stats)],
    ['faults met', faultsText(stats)],
    [
      'the kill',
      `${counted(killed.chunks, 'running chunk')} cut off; ${duration(recovery.progressSeconds)} lost until new records came`,
    ],
    [
      'Temporal',
      `${count(usage.activities)} activities and ${counted(usage.events, 'history event')} in ${counted(usage.runs, 'workflow run')}`,
    ],
    ['archive', folder],
  ];
}

/** Returns how many records there are in all. */
function compare(found: readonly StreamContent[], stats: SampleStats): number {
  for (const { name, records, digest } of stats.streams) {
    const stream = found.find((each) => each.name === name);
    if (!stream) throw new Error(`stream ${name} is not in the archive`);
    if (stream.records !== records)
      throw new Error(
        `${name}: ${count(stream.records)} records in the archive, ${count(records)} in the API`,
      );
    if (stream.digest !== digest)
      throw new Error(`${name}: the archive holds other bytes than the API serves`);
  }
  return sum(found.map((stream) => stream.records));
}

/** What a kill may cost: for every lane the pages since its last checkpoint, and the one it had asked for ahead. */
function checkRepeats({ repeatedPages }: SampleStats): void {
  const allowed = LANES * (CHECKPOINT_PAGES + 1);
  if (repeatedPages > allowed)
    throw new Error(
      `${repeatedPages} pages were read twice, more than the ${allowed} that a checkpoint covers`,
    );
}

function bytesText({ job }: Evidence): string {
  const { bytes: read = 0, storedBytes = 0, segments = 0 } = job.result ?? {};
  return `${bytes(read)}, stored as ${bytes(storedBytes)} in ${counted(segments, 'segment')}`;
}

function durationText({ job: { startedAt, endedAt } }: Evidence): string {
  return startedAt && endedAt ? duration(secondsBetween(startedAt, endedAt)) : 'unknown';
}

/** Pages asked for beyond those that hold the records are accounted for. */
function pagesText({ requests, faults, distinctPages, repeatedPages, streams }: SampleStats): string {
  const needed = sum(streams.map(({ records }) => Math.ceil(records / PAGE_SIZE)));
  const rest = [
    `${count(sum(Object.values(faults)))} met a fault`,
    `${count(distinctPages - needed)} asked for totals`,
    `${count(repeatedPages)} read again after the kill`,
  ];
  return `${count(needed)} needed, ${count(requests)} requested: ${rest.join(', ')}`;
}

function faultsText({ faults }: SampleStats): string {
  const met = Object.entries(faults).filter(([, times]) => times > 0);
  return met.map(([kind, times]) => `${count(times)} × ${kind}`).join(', ');
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
