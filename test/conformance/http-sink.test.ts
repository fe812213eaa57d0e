// A REST API as a sink: whatever breaks, is lost, repeated or run twice at once, it takes each record once. The guarantees
// of core/connector.ts, but for those that need a place of the sink's own: an API shows each record as it takes it, has no
// seal, cannot be claimed and gives nothing back.
import { afterEach, describe, expect, test } from 'vitest';
import { ChunkError } from '../../src/activities/failures.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import {
  EVERY_PAGE,
  headOf,
  openApiJob,
  toEnd,
  type ApiJob,
  type ApiJobOptions,
} from '../support/api-job.js';
import type { TargetFault } from '../support/fake-target.js';
import { testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';
import { breadcrumb, jsonPage } from '../support/writing.js';

const RECORDS = someRecords(150);
const ALONE = { limits: { concurrency: 1 } };
const TWO = { limits: { concurrency: 2 } };
const SELDOM = { ...EVERY_PAGE, pages: Infinity };

let job: ApiJob;
afterEach(() => job.dispose());

async function open(options: Partial<ApiJobOptions> = {}): Promise<ApiJob> {
  return (job = await openApiJob({ records: { contacts: RECORDS }, connection: ALONE, ...options }));
}

const FEW = someRecords(14);
/** Of an archive: some records, and so several pages. */
const segmentBytes = 1_500;
const BATCH = { contacts: { batch: { size: 2, records: 'data', answers: 'data' } } };
const WAYS: readonly (readonly [string, Partial<ApiJobOptions>])[] = [
  ['one record a request', { records: { contacts: FEW }, segmentBytes }],
  [
    'batches side by side',
    {
      records: { contacts: someRecords(29) },
      segmentBytes: 3 * segmentBytes,
      write: BATCH,
      target: { place: 'data' },
      connection: TWO,
    },
  ],
  [
    'a PUT for each key, where the API knows no keys of requests',
    {
      records: { contacts: FEW },
      segmentBytes,
      write: { contacts: { method: 'PUT', path: '/contacts/{id}' } },
      target: { knowsKeys: false },
      connection: TWO,
    },
  ],
];

const FAULTS: readonly (readonly [string, (fault: TargetFault) => TargetFault])[] = [
  ['loses its answer', (fault) => fault.lose()],
  ['is reset', (fault) => fault.reset()],
  ['is done and answered with 500', (fault) => fault.lie(500)],
  ['is told to come back in an hour', (fault) => fault.status(429, { 'retry-after': '3600' })],
];

describe.for(WAYS)('records written with %s', ([, options]) => {
  test('arrive as the bytes they are, each once', async () => {
    await open(options);
    expect(await job.restore()).toMatchObject({ records: recordsOf(options).length });
    expectAll(options);
    expect(job.target.requests.every(({ repeated, status }) => !repeated && status! < 300)).toBe(true);
  });

  test.for(FAULTS)('arrive once whichever request %s', { timeout: 60_000 }, async ([, script]) => {
    for (let at = 0, more = true; more; at += 1) {
      await open(options);
      script(job.target.addFault().after(at));
      more = await survives();
      expectAll(options);
      await job.dispose();
    }
    await open(options);
    expect.hasAssertions();
  });

  test('arrive once from whichever checkpoint they are written again', async () => {
    await open(options);
    const [work] = await job.plan();
    const seen: (Checkpoint | null)[] = [null];
    let reached: Checkpoint | null = null;
    do {
      ({ checkpoint: reached } = await job.chunk({ ...work!, checkpoint: reached }, { requests: 3 }).run());
      seen.push(reached);
    } while (!reached.done);
    const asked = new Set(job.target.requests.map(({ key }) => key));
    for (const checkpoint of seen.slice(0, -1)) {
      await toEnd((from) => job.chunk({ ...work!, checkpoint: from }), checkpoint);
    }
    expectAll(options);
    expect(new Set(job.target.requests.map(({ key }) => key))).toEqual(asked);
    expect(job.target.requests.length).toBeGreaterThan(2 * asked.size);
  });

  test('arrive once from two writers at once', async () => {
    await open(options);
    const [work] = await job.plan();
    const hold = job.target.hold(5);
    const lost = job.chunk(work!).run();
    await hold.reached();
    const next = job.chunk(work!).run();
    hold.release();
    const ends = await Promise.all([lost, next]);
    expect(ends.map(({ checkpoint }) => checkpoint.tallies.records)).toEqual([
      work!.partition.estimate,
      work!.partition.estimate,
    ]);
    expectAll(options);
  });
});

describe('a writer that is told to stop', () => {
  test('keeps what was done of a page, so that no record is sent twice', async () => {
    await open({ target: { knowsKeys: false } });
    const [work] = await job.plan();
    const hold = job.target.hold(70);
    const chunk = job.chunk(work!, { policy: SELDOM });
    const running = chunk.run();
    await hold.reached();
    chunk.stop();
    hold.release();
    const { end, checkpoint } = await running;
    expect([end, checkpoint.tallies.records]).toEqual(['stopped', 64]);
    expect(checkpoint.sink).toMatchObject({ at: 64, done: 71 });
    const rest = await toEnd((from) => job.chunk({ ...work!, checkpoint: from }), checkpoint);
    expect(rest.tallies.records).toBe(RECORDS.length);
    expect(job.target.requests).toHaveLength(RECORDS.length);
    expect(job.target.texts('contacts')).toEqual(RECORDS);
  });

  test('breaks off what takes too long, and sends it again', async () => {
    await open();
    const [work] = await job.plan();
    const hold = job.target.hold(70);
    const chunk = job.chunk(work!);
    const running = chunk.run();
    await hold.reached();
    chunk.stop();
    chunk.abort();
    const { checkpoint } = await running;
    expect(checkpoint.sink).toMatchObject({ at: 64, done: 70 });
    hold.release();
    await toEnd((from) => job.chunk({ ...work!, checkpoint: from }), checkpoint);
    expect(job.target.texts('contacts')).toEqual(RECORDS);
    expect(job.target.requests.filter(({ repeated }) => repeated)).toHaveLength(1);
  });

  test('by its quota sends no request beyond it', async () => {
    await open({ connection: TWO });
    const [work] = await job.plan();
    const { end, checkpoint } = await job.chunk(work!, { requests: 21 }).run();
    expect(end).toBe('quota');
    // One of the requests that are counted is the reading of a segment; one more was in flight.
    expect(job.target.requests.length).toBeLessThanOrEqual(21);
    expect(checkpoint.sink).toMatchObject({ done: job.target.requests.length });
  });
});

describe('a writer that is told to wait', () => {
  test('ends its chunk with everything before it kept, and until when', async () => {
    await open();
    job.target.addFault().after(80).status(429, { 'retry-after': '3600' });
    const [work] = await job.plan();
    const result = await job.chunk(work!, { policy: SELDOM }).run();
    expect(result).toMatchObject({ end: 'waiting', checkpoint: { sink: { at: 64, done: 80 } } });
    expect(result.wait!.until - Date.now()).toBeGreaterThan(3_000_000);
    await toEnd((from) => job.chunk({ ...work!, checkpoint: from }), result.checkpoint);
    expect(job.target.texts('contacts')).toEqual(RECORDS);
    expect(job.target.requests).toHaveLength(RECORDS.length + 1);
  });

  test('by an answer that took a record keeps that record, and sends no other', async () => {
    await open();
    job.target.addFault().after(80).done(201, { ratelimit: '"default";r=0;t=3600' });
    const [work] = await job.plan();
    const result = await job.chunk(work!, { policy: SELDOM }).run();
    expect(result).toMatchObject({ end: 'waiting', checkpoint: { sink: { at: 64, done: 81 } } });
    expect(result.wait!.until - Date.now()).toBeGreaterThan(3_000_000);
    expect(job.target.requests).toHaveLength(81);
  });

  test('waits in the chunk where it is short, and then goes on', async () => {
    await open({ patient: true, connection: TWO });
    job.target.addFault().after(9).status(503, { 'retry-after': '20' }).times(3);
    job.target.addFault().after(30).status(502).times(4);
    const [work] = await job.plan();
    const { end, checkpoint } = await job.chunk(work!).run();
    expect([end, checkpoint.tallies.retries]).toEqual(['exhausted', 7]);
    job.target.assertAllFaultsFired();
    expectAll({ connection: TWO });
  });
});

describe('a sink on an API', () => {
  test('goes on after a flush that had nothing new, in a new process', async () => {
    await open();
    const [work] = await job.plan();
    const target = { stream: work!.stream, index: 0, partition: work!.partition.id };
    const writer = await job.sink().open(testContext(), target, null);
    const first = await writer.flush(breadcrumb(0, false));
    expect(await writer.flush(breadcrumb(0, false))).toEqual(first);
    await writer.write(jsonPage(RECORDS[0]!));
    const second = await writer.flush(breadcrumb(1, false));
    const other = await job.sink().open(testContext(), target, second);
    await other.write(jsonPage(RECORDS[1]!));
    await other.flush(breadcrumb(2, true));
    expect(job.target.texts('contacts')).toEqual(RECORDS.slice(0, 2));
    expect(JSON.stringify(second).length).toBeLessThan(100);
  });

  test('settles and seals again to the same end', async () => {
    await open();
    const [work] = await job.plan();
    const head = headOf(work!, await toEnd((from) => job.chunk({ ...work!, checkpoint: from })));
    const settled = await job.sink().settle(testContext(), [head], null);
    expect(await job.sink().settle(testContext(), [head], null)).toEqual(settled);
    const seal = () => job.sink().seal(testContext(), { heads: [head], settled, report: {} });
    const bytes = RECORDS.reduce((sum, record) => sum + Buffer.byteLength(record) + 1, 0);
    expect(await seal()).toEqual({ records: 300, bytes: 2 * bytes, storedBytes: 0, segments: 0 });
    expect(await seal()).toEqual(await seal());
  });
});

/** Goes through to the end, over the failure that may come; says whether one came. */
async function survives(): Promise<boolean> {
  const [work] = await job.plan();
  let checkpoint: Checkpoint | null = null;
  let failures = 0;
  for (;;) {
    const run = job.chunk({ ...work!, checkpoint }).run();
    const result = await run.catch((error: unknown) => {
      if (!(error instanceof ChunkError) || error.side !== 'sink') throw error;
      return { end: 'failed' as const, checkpoint: error.checkpoint };
    });
    if (result.end === 'failed' || result.end === 'waiting') failures += 1;
    ({ checkpoint } = result);
    if (result.end === 'exhausted') break;
  }
  expect(checkpoint.tallies.records).toBe(work!.partition.estimate);
  return failures > 0;
}

function recordsOf({ records }: Partial<ApiJobOptions>): readonly string[] {
  return records?.['contacts'] ?? RECORDS;
}

/** In any order where several were in flight. */
function expectAll(options: Partial<ApiJobOptions>): void {
  const inOrder = (texts: readonly string[]) => (options.connection ? texts.toSorted() : texts);
  expect(inOrder(job.target.texts('contacts'))).toEqual(inOrder(recordsOf(options)));
  expect(job.target.requests.filter(({ status }) => status === 422)).toEqual([]);
}
