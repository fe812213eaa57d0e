// The activities as Temporal calls them: each run twice in a row, and the worker dying before, within and after each step on
// the store. Whatever a job writes, it is the same in the end.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import type { Head, SealSummary } from '../../src/core/connector.js';
import type { Connection } from '../../src/core/registry.js';
import type { JobSpec } from '../../src/core/spec.js';
import type { Activities, JobRef, PartitionWork, PlanPage } from '../../src/core/work.js';
import { recordsIn } from '../support/archive-reader.js';
import { readExportFolder } from '../support/export-reader.js';
import { createMemorySource } from '../support/memory-source.js';
import { createMemoryStore, newSpace, type Space } from '../support/memory-store.js';
import { someRecords } from '../support/records.js';
import { createFaultyStore, type Fault } from '../support/wrapped-store.js';
import { REPORT } from '../support/writing.js';

const RECORDS = { contacts: someRecords(5), orders: someRecords(3) };
const TOTAL = 8;
const SOURCE = { connection: 'crm' };
const VAULT = { connection: 'vault' };
const OPTIONS = { lanes: 1, checkpoint: { pages: 1 } };
const NEVER: Fault = { at: Infinity, takesEffect: false, forGood: true };
const silent = new DefaultLogger('ERROR');

const jobOf = (id: string, spec: JobSpec): JobRef => ({ id, spec, createdAt: '2026-01-02T03:04:05.000Z' });
const BACKUP = jobOf('backup-1', { kind: 'backup', source: SOURCE, sink: VAULT, options: OPTIONS });
const EXPORT = jobOf('export-1', {
  kind: 'export',
  source: SOURCE,
  sink: VAULT,
  options: { ...OPTIONS, format: 'jsonl' },
});
const ARCHIVE = { connection: 'vault', archive: 'backup-1' };
const VERIFY = jobOf('verify-1', { kind: 'verify', source: ARCHIVE });
const COMPARE = jobOf('compare-1', { kind: 'verify', source: ARCHIVE, options: { against: SOURCE } });

let space: Space;
let root: string;
beforeEach(async () => {
  space = newSpace();
  root = await mkdtemp(path.join(tmpdir(), 'twice-'));
});
afterEach(() => rm(root, { recursive: true }));

/** A worker that dies at the fault and comes back well; each activity is run until it was well done so many times. */
function createWorker(times: number, fault: Fault) {
  const broken = createFaultyStore(createMemoryStore(space), fault);
  let died = false;
  const connections = (name: string): Connection => ({
    name,
    type: name === 'crm' ? 'http' : 'file',
    limits: {},
    ...(name === 'crm'
      ? { source: () => createMemorySource(RECORDS, { pageSize: 2 }) }
      : { store: () => (died ? createMemoryStore(space) : broken) }),
    check: async () => 'fine',
  });
  const activities = createActivities({
    connections,
    clock: { now: () => Date.UTC(2026, 0, 3), sleep: async () => undefined },
    log: { info: () => undefined, warn: () => undefined },
    version: '0.0.0',
  });

  /** As Temporal does, with the last heartbeat of the attempt before. */
  async function run<Name extends keyof Activities>(
    name: Name,
    input: Parameters<Activities[Name]>[0],
  ): Promise<Awaited<ReturnType<Activities[Name]>>> {
    type Value = Awaited<ReturnType<Activities[Name]>>;
    const activity = activities[name] as unknown as (given: typeof input) => Promise<Value>;
    let heartbeatDetails: unknown;
    for (let left = times; ;) {
      const environment = new MockActivityEnvironment({ heartbeatDetails }, { logger: silent });
      environment.on('heartbeat', (details) => (heartbeatDetails = details));
      try {
        const value = (await environment.run(() => activity(input))) as Value;
        left -= 1;
        if (left === 0) return value;
      } catch (error) {
        if (died || broken.reached() === null) throw error;
        died = true;
      }
    }
  }
  return { run, reached: () => broken.reached() !== null };
}

type Worker = ReturnType<typeof createWorker>;

/** As the workflow has it done, one partition after the other. */
async function runJob({ run }: Worker, job: JobRef): Promise<SealSummary> {
  const heads: Head[] = [];
  let after: string | null = null;
  let page: PlanPage;
  do {
    page = await run('plan', { job, after, nextIndex: heads.length });
    after = page.after;
    for (const work of page.work) heads.push(await copied(run, job, work));
  } while (!page.done);
  const settled = await run('settle', { job, heads: heads.slice(0, 1), settled: null });
  return run('seal', { job, heads: heads.slice(1), settled, report: REPORT });
}

async function copied(run: Worker['run'], job: JobRef, work: PartitionWork): Promise<Head> {
  const { checkpoint } = await run('copy', { job, work, requests: null });
  const { stream, index, partition } = work;
  const { records } = checkpoint.tallies;
  return { stream, index, partition: partition.id, state: checkpoint.sink, records };
}

/** What lies in the store, in a folder. */
async function unpacked(place: string): Promise<string> {
  for (const [name, bytes] of space.objects) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  return path.join(root, place);
}

async function expectArchive(): Promise<void> {
  const folder = await unpacked('backup-1');
  expect(await recordsIn(folder, 'contacts')).toEqual(RECORDS.contacts);
  expect(await recordsIn(folder, 'orders')).toEqual(RECORDS.orders);
  expectVerified(await runJob(createWorker(1, NEVER), VERIFY));
}

async function expectExport(): Promise<void> {
  const { bytesOf } = await readExportFolder(await unpacked('export-1'));
  for (const [name, records] of Object.entries(RECORDS)) {
    const lines = Buffer.concat(await bytesOf(name)).toString();
    expect(lines).toBe(records.map((record) => `${record}\n`).join(''));
  }
}

function expectVerified(summary: SealSummary): void {
  expect(summary).toMatchObject({ records: TOTAL, findingsTotal: 0 });
}

function expectNoDifference({ differences }: SealSummary): void {
  expect(differences).toEqual({ same: TOTAL, added: 0, removed: 0, changed: 0, duplicates: 0 });
}

interface Kind {
  readonly name: string;
  readonly job: JobRef;
  readonly check: (summary: SealSummary) => void | Promise<void>;
}

const KINDS: readonly Kind[] = [
  { name: 'backup', job: BACKUP, check: expectArchive },
  { name: 'export', job: EXPORT, check: expectExport },
  { name: 'verify', job: VERIFY, check: expectVerified },
  { name: 'comparison', job: COMPARE, check: expectNoDifference },
];

describe.for(KINDS)('the activities of a job of the kind $name', ({ job, check }) => {
  beforeEach(async () => {
    if (job !== BACKUP) await runJob(createWorker(1, NEVER), BACKUP);
  });

  test('come to the same end where each is run twice in a row', async () => {
    const summary = await runJob(createWorker(2, NEVER), job);
    expect(summary.records).toBe(TOTAL);
    await check(summary);
  });

  test.for([false, true])(
    'come to the same end where the worker dies at any step (which takes effect first: %s)',
    { timeout: 120_000 },
    async (takesEffect) => {
      const before = [...space.objects];
      let at = 0;
      for (let reached = true; reached; at += 1) {
        space = newSpace();
        for (const [name, bytes] of before) space.objects.set(name, bytes);
        await rm(root, { recursive: true, force: true });
        await mkdir(root);
        const worker = createWorker(1, { at, takesEffect, forGood: true });
        await check(await runJob(worker, job));
        reached = worker.reached();
      }
      // A verify changes nothing.
      expect(at).toBeGreaterThan(job === VERIFY && takesEffect ? 0 : 5);
    },
  );
});

describe('a job that is given up', () => {
  test.for([
    { name: 'backup', job: BACKUP, takesEffect: false },
    { name: 'backup', job: BACKUP, takesEffect: true },
    { name: 'export', job: EXPORT, takesEffect: false },
    { name: 'export', job: EXPORT, takesEffect: true },
  ])(
    'leaves nothing, wherever the worker dies that clears away its $name (the step takes effect first: $takesEffect)',
    async ({ job, takesEffect }) => {
      let at = 0;
      for (let reached = true; reached; at += 1) {
        space = newSpace();
        const { run } = createWorker(1, NEVER);
        const { work } = await run('plan', { job, after: null, nextIndex: 0 });
        await copied(run, job, work[0]!);
        const worker = createWorker(2, { at, takesEffect, forGood: true });
        await worker.run('discard', { job });
        expect([...space.objects.keys()]).toEqual([]);
        reached = worker.reached();
      }
      expect(at).toBeGreaterThan(3);
    },
  );
});
