// Two applications that nobody here wrote, backed up whole by a running Longhaul and compared with what they say they hold.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../src/core/job.js';
import { INSTALL_TIMEOUT_MS } from '../support/apps/cache.js';
import { datasetteMissing, placeKey, readingText, startDatasette } from '../support/apps/datasette.js';
import type { Datasette } from '../support/apps/datasette.js';
import { pocketbaseMissing, startPocketBase } from '../support/apps/pocketbase.js';
import type { PocketBase } from '../support/apps/pocketbase.js';
import { readArchive } from '../support/archive-reader.js';
import { firstDifference } from '../support/difference.js';
import { START_TIMEOUT_MS, startLonghaul } from '../support/harness.js';
import type { LonghaulInstance } from '../support/harness.js';

const noDatasette = await datasetteMissing();
const noPocketBase = await pocketbaseMissing();
const TIMEOUT = { timeout: 120_000 };

let datasette: Datasette | undefined;
let pocketbase: PocketBase | undefined;
let longhaul: LonghaulInstance;

beforeAll(
  async () => {
    datasette = noDatasette === null ? await startDatasette() : undefined;
    pocketbase = noPocketBase === null ? await startPocketBase() : undefined;
    const station = datasette ? { station: datasette.connection } : {};
    const notebook = pocketbase ? { notebook: pocketbase.connection } : {};
    longhaul = await startLonghaul({ connections: { ...station, ...notebook } });
  },
  2 * INSTALL_TIMEOUT_MS + START_TIMEOUT_MS,
);

afterAll(async () => {
  await longhaul?.stop();
  await datasette?.stop();
  await pocketbase?.stop();
}, 60_000);

describe('a Datasette with 120,000 rows', () => {
  beforeEach((context) => context.skip(noDatasette !== null, noDatasette ?? undefined));

  test('is backed up by its opaque next token, row by row what its SQL endpoint says', TIMEOUT, async () => {
    expect(await stationBackup('readings', 'places', 'vacant')).toEqual(await sameAsDatasette());
  });

  test('is backed up by its next_url links just the same', TIMEOUT, async () => {
    const linked = await stationBackup('readings_by_link', 'places_by_link', 'vacant_by_link');
    expect(linked).toEqual(await sameAsDatasette());
  });
});

describe('a PocketBase collection of 5,200 records, asked for 5,000 a page and clamped at 1,000', () => {
  beforeEach((context) => context.skip(noPocketBase !== null, noPocketBase ?? undefined));

  test('is backed up whole by numbered pages that tell the total', TIMEOUT, async () => {
    const { job, records } = await notebookBackup('notes');
    expect(records).toEqual(await pocketbase!.records());
    expect(job.result?.records).toBe(await pocketbase!.total());
    expect(job.progress).toMatchObject({ estimatedRecords: 5_200, percent: 100 });
  });

  test('is backed up whole by numbered pages that do not', TIMEOUT, async () => {
    const { job, records } = await notebookBackup('notes_untold');
    expect(records).toEqual(await pocketbase!.records());
    expect(job.result?.records).toBe(await pocketbase!.total());
  });
});

/** What an archive of the station holds, and where it differs from what Datasette says. */
async function stationBackup(readings: string, places: string, vacant: string) {
  const job = await backup('station', [readings, places, vacant]);
  const archive = await readArchive(longhaul.archiveOf(job));
  const count = (name: string) => archive.manifest.streams.find((stream) => stream.name === name)?.records;
  const rows = await mapped(archive.lines(readings), readingText);
  const keys = await mapped(archive.lines(places), placeKey);
  return {
    counts: [count(readings), count(places), count(vacant)],
    total: job.result?.records,
    differences: [
      firstDifference(rows, await datasette!.readings()),
      firstDifference(keys, await datasette!.placeKeys()),
    ],
  };
}

async function sameAsDatasette(): Promise<Awaited<ReturnType<typeof stationBackup>>> {
  const counts = await Promise.all(['readings', 'places', 'vacant'].map((table) => datasette!.count(table)));
  return { counts, total: counts.reduce((sum, count) => sum + count, 0), differences: [null, null] };
}

async function notebookBackup(stream: string) {
  const job = await backup('notebook', [stream]);
  const archive = await readArchive(longhaul.archiveOf(job));
  return { job, records: await mapped(archive.lines(stream), (line) => JSON.parse(line) as unknown) };
}

/** Backs up, and has the archive verified. */
async function backup(connection: string, streams: string[]): Promise<Job> {
  const job = await longhaul.run({
    kind: 'backup',
    source: { connection, streams },
    sink: { connection: 'vault', prefix: 'apps' },
    options: { lanes: 2 },
  });
  await expectProven(job);
  return job;
}

async function expectProven({ archive, result }: Job): Promise<void> {
  const place = archive!.slice('vault/'.length);
  const verify = await longhaul.run({ kind: 'verify', source: { connection: 'vault', archive: place } });
  expect(verify.result).toMatchObject({ records: result!.records, findings: [] });
}

async function mapped<T>(lines: AsyncIterable<string>, map: (line: string) => T): Promise<T[]> {
  const all: T[] = [];
  for await (const line of lines) all.push(map(line));
  return all;
}
