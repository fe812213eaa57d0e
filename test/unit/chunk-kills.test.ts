// Whatever happens to the chunks of a partition, one after another or side by side, its archive (or export) holds
// each record once.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkError } from '../../src/activities/failures.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import type { Sink } from '../../src/core/connector.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Store } from '../../src/core/store.js';
import type { ChunkResult } from '../../src/core/work.js';
import { createBell } from '../support/bell.js';
import { EVERY_PAGE, openChunkJob, type ChunkJob, type PlaceName } from '../support/chunk-job.js';
import { someRecords } from '../support/records.js';
import { createFaultyStore, createHeldUpStore, type WrappedStore } from '../support/wrapped-store.js';

const RUNS = 30;
const RECORDS = someRecords(14);
/** For what is tried at every operation. */
const FEW = someRecords(5);
const PAGE_SIZE = 2;

const FATES = ['dies', 'diesAfter', 'breaks', 'stalls', 'stallsAndBreaks', 'returns'] as const;

/** One attempt at the chunk, and what becomes of it at its `at`th operation on the store. */
interface Attempt {
  /**
   * `dies`: that operation and all later ones fail. `diesAfter`: the same, but it takes effect first. `breaks`: that one
   * fails, and the workflow is told. `stalls`: it is taken for dead, and wakes up when a later attempt is as far as
   * `wakes`, or when all is sealed. `stallsAndBreaks`: the same, and that operation fails then. `returns`: nothing
   * happens; it ends by its quota or at the end.
   */
  readonly fate: (typeof FATES)[number];
  readonly at: number;
  readonly wakes: number;
  /** Which of its heartbeats arrive, page by page. */
  readonly heard: readonly boolean[];
  readonly pagesPerCheckpoint: number;
  readonly requests: number;
}

const attempts = fc.array(
  fc.record<Attempt>({
    fate: fc.constantFrom(...FATES),
    at: fc.nat(40),
    wakes: fc.nat(60),
    heard: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
    pagesPerCheckpoint: fc.integer({ min: 1, max: 4 }),
    requests: fc.integer({ min: 1, max: 8 }),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Lets the fates happen to chunks of a job that holds these records, ends it, and wakes who still sleeps. */
async function live(
  records: readonly string[],
  fates: readonly Attempt[],
  place: PlaceName = 'archive',
): Promise<{ allStruck: boolean }> {
  const job = await openChunkJob(records, PAGE_SIZE, place);
  const trial = createTrial(job);
  for (const fate of fates) await trial.attempt(fate);
  const allStruck = trial.struck() === fates.length;
  expect(await job.sealed(await trial.finish())).toEqual(records);
  await trial.wakeAll();
  expect(await job.published()).toEqual({ records, findings: 0 });
  await job.dispose();
  return { allStruck };
}

describe('a partition copied by chunks that die, break and rise again', () => {
  test.for(FATES.filter((fate) => fate !== 'returns'))(
    'is in the archive once, whichever operation it is at which one %s',
    { timeout: 60_000 },
    async (fate) => {
      const attempt = { fate, wakes: Infinity, heard: [false], pagesPerCheckpoint: 1, requests: 9 };
      let at = 0;
      while ((await live(FEW, [{ ...attempt, at }])).allStruck) at += 1;
      expect(at).toBeGreaterThan(10);
    },
  );

  test.for(['archive', 'export'] as const)(
    'is in the %s once after any life, also when sleepers wake after the seal',
    { timeout: 120_000 },
    async (place) => {
      const property = fc.asyncProperty(attempts, async (fates) => void (await live(RECORDS, fates, place)));
      await fc.assert(property, { numRuns: RUNS });
      expect.assertions(2 * RUNS);
    },
  );
});

/** What Temporal and its workers would do, one attempt after another. */
function createTrial(job: ChunkJob) {
  const sleepers: Sleeper[] = [];
  const stores: Store[] = [];
  /** What the workflow knows, and the last heartbeat of the chunk that was heard since. */
  let known: Checkpoint | null = null;
  let beaten: Checkpoint | null = null;
  let struck = 0;

  async function attempt(fate: Attempt): Promise<void> {
    if (known?.done) return;
    const bed = createBed(fate.wakes);
    const store = broken(
      fate,
      bed,
      sleepers.reduce((under, sleeper) => createHeldUpStore(under, sleeper.wakes, sleeper.wake), job.store),
    );
    stores.push(store);
    let alive = true;
    const chunk = job.chunk({
      checkpoint: known,
      from: beaten,
      requests: fate.requests,
      policy: { ...EVERY_PAGE, pages: fate.pagesPerCheckpoint },
      sink: hearing(job.sinkOn(store), fate.heard, () => {
        if (alive) beaten = chunk.heartbeat().checkpoint;
      }),
    });
    const end = chunk.run().catch((error: unknown) => error);
    const outcome = await Promise.race([end, bed.asleep]);
    alive = false;
    struck += store.reached() === null ? 0 : 1;
    if (outcome === bed) sleepers.push({ ...bed, end });
    else if (store.reached() === null || fate.fate === 'breaks') hear(outcome);
  }

  /** An end of which the workflow is told. */
  function hear(outcome: unknown): void {
    if (outcome instanceof Error && !(outcome instanceof ChunkError)) throw outcome;
    known = (outcome as ChunkError | ChunkResult).checkpoint;
    beaten = null;
  }

  return {
    attempt,
    /** Of how many attempts the fate came before they ended. */
    struck: () => struck,
    async finish(): Promise<Checkpoint> {
      const whole: Attempt = {
        fate: 'returns',
        at: 0,
        wakes: 0,
        heard: [true],
        pagesPerCheckpoint: 1,
        requests: 9,
      };
      for (;;) {
        if (known?.done) return known;
        await attempt(whole);
      }
    },
    async wakeAll(): Promise<void> {
      for (const sleeper of sleepers) await sleeper.wake();
      for (const sleeper of sleepers) await sleeper.end;
      // Only lets go of files that the dead would have held open.
      for (const store of stores) await store.close().catch(() => undefined);
    },
  };
}

/** Where an attempt sleeps that is taken for dead. */
interface Bed {
  readonly wakes: number;
  readonly wake: () => Promise<void>;
  /** Resolves once somebody lies in it. */
  readonly asleep: Promise<Bed>;
  readonly sleep: () => Promise<void>;
}

interface Sleeper extends Bed {
  readonly end: Promise<unknown>;
}

function createBed(wakes: number): Bed {
  const [lying, rising] = [createBell(), createBell()];
  const risen = rising.heard();
  const bed: Bed = {
    wakes,
    wake: async () => rising.ring(),
    asleep: lying.heard().then(() => bed),
    async sleep() {
      lying.ring();
      await risen;
    },
  };
  return bed;
}

function broken({ fate, at }: Attempt, bed: Bed, store: Store): WrappedStore {
  switch (fate) {
    case 'stalls':
      return createHeldUpStore(store, at, bed.sleep);
    case 'stallsAndBreaks':
      return createHeldUpStore(store, at, async () => {
        await bed.sleep();
        throw new LonghaulError('source_unreachable', 'broken on purpose');
      });
    case 'returns':
      return createHeldUpStore(store, Infinity, async () => undefined);
    default:
      return createFaultyStore(store, { at, takesEffect: fate === 'diesAfter', forGood: fate !== 'breaks' });
  }
}

/** Has the chunk beat before each page is written, where that is heard. */
function hearing(sink: Sink, heard: readonly boolean[], beat: () => void): Sink {
  let pages = 0;
  const open: Sink['open'] = async (...args) => {
    const writer = await sink.open(...args);
    return {
      ...writer,
      async write(page) {
        if (heard[pages++ % heard.length]) beat();
        await writer.write(page);
      },
    };
  };
  return { ...sink, open };
}
