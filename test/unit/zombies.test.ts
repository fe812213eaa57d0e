// Two attempts at one chunk at once: the first was given up for dead and works on. In whatever order the steps of both come,
// and the heartbeats of the first, and two seals behind the second: one right archive, or none where the job is cancelled.
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkError } from '../../src/activities/failures.js';
import type { Checkpoint } from '../../src/core/checkpoint.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Store } from '../../src/core/store.js';
import { EVERY_PAGE, openChunkJob, type ChunkJob, type PlaceName } from '../support/chunk-job.js';
import { newSpace } from '../support/memory-store.js';
import { collect, testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';
import { createSteppedStore, type Step } from '../support/wrapped-store.js';

const RECORDS = someRecords(9);
const PAGE_SIZE = 2;
const PLACES = ['archive', 'export'] as const;

interface Shape {
  readonly pagesOfFirst: number;
  readonly pagesOfSecond: number;
  /** Heartbeats that the first one sends. */
  readonly beats: number;
  /** The first one sleeps before so many steps, for so many turns: up to long after the others are done. */
  readonly sleepsAt: number;
  readonly sleepsFor: number;
}

const shapes = fc.record<Shape>({
  pagesOfFirst: fc.integer({ min: 1, max: 3 }),
  pagesOfSecond: fc.integer({ min: 1, max: 3 }),
  beats: fc.nat(8),
  sleepsAt: fc.nat(30),
  sleepsFor: fc.nat(150),
});

type Turns = ReturnType<typeof createTurns>;

/** One step at a time, each when the scheduler says so: whoever asks for a turn waits until all steps before it are over. */
function createTurns(scheduler: fc.Scheduler) {
  let running: Promise<unknown> = Promise.resolve();
  const turn = (name: string): Promise<void> => scheduler.schedule(Promise.resolve(), name);
  return {
    turn,
    /** `before`: what comes before each step. */
    storeOf: (who: string, store: Store, before = async (): Promise<void> => undefined): Store => {
      const step: Step = async (name, run) => {
        await before();
        await turn(`${who}: ${name}`);
        const done = run();
        running = done.catch(() => undefined);
        return done;
      };
      return createSteppedStore(store, step);
    },
    /** Until this is over. */
    pass: <T>(work: Promise<T>): Promise<T> =>
      scheduler.waitFor(work, async (release) => {
        await release();
        await setImmediate();
        await running;
        await setImmediate();
      }),
  };
}

/** Both attempts, as Temporal has them: it hears of the first until it gives that up, and then of the second only. */
function createLives(job: ChunkJob, { turn, storeOf }: Turns, shape: Shape) {
  let heard: Checkpoint | null = null;
  let givenUp = false;
  let ended: Checkpoint | null = null;

  let steps = 0;

  async function sleep(): Promise<void> {
    const turns = steps === shape.sleepsAt ? shape.sleepsFor : 0;
    steps += 1;
    for (let left = turns; left > 0; left -= 1) await turn('the first sleeps');
  }

  const attempt = (on: Store, pages: number, from: Checkpoint | null) =>
    job.chunk({ from, policy: { ...EVERY_PAGE, pages }, sink: job.sinkOn(on) });

  const first = attempt(storeOf('first', job.store, sleep), shape.pagesOfFirst, null);

  async function beat(): Promise<void> {
    for (let left = shape.beats; left > 0; left -= 1) {
      await turn('the first beats');
      const { checkpoint } = first.heartbeat();
      await turn('its beat arrives');
      if (!givenUp) heard = checkpoint;
    }
  }

  async function live(): Promise<void> {
    const { checkpoint } = await first.run();
    await turn('its end arrives');
    if (!givenUp) ended = checkpoint;
  }

  /** The first may fail because the job is over, and for no other reason. */
  function overtaken(error: unknown): void {
    if (!ended || !(error instanceof ChunkError) || !(error.cause instanceof LonghaulError)) throw error;
    expect(error.cause.code).not.toBe('internal');
  }

  return {
    zombie: () => Promise.all([beat(), live().catch(overtaken)]),
    /** The checkpoint that the workflow is told. */
    async end(): Promise<Checkpoint> {
      await turn('the first is given up');
      givenUp = ended === null;
      ended ??= (await attempt(storeOf('second', job.store), shape.pagesOfSecond, heard).run()).checkpoint;
      return ended;
    },
  };
}

async function openJob(place: PlaceName, isInMemory: boolean): Promise<ChunkJob> {
  return openChunkJob(RECORDS, PAGE_SIZE, place, isInMemory ? newSpace() : null);
}

describe.for([
  ['memory', true, 120],
  ['a folder', false, 12],
] as const)('two attempts at once in %s', ([, isInMemory, numRuns]) => {
  const everyOrder = (check: (scheduler: fc.Scheduler, shape: Shape) => Promise<void>) =>
    fc.assert(fc.asyncProperty(fc.scheduler(), shapes, check), { numRuns });

  test.for(PLACES)('make one right %s, sealed by two at once', { timeout: 120_000 }, async (place) => {
    await everyOrder(async (scheduler, shape) => {
      const job = await openJob(place, isInMemory);
      const turns = createTurns(scheduler);
      const lives = createLives(job, turns, shape);
      const sealed = async () => {
        const checkpoint = await lives.end();
        const seals = ['one', 'two'].map((who) =>
          job.seal(checkpoint, turns.storeOf(`seal ${who}`, job.store)),
        );
        return Promise.all(seals);
      };
      const [summaries] = await turns.pass(Promise.all([sealed(), lives.zombie()]));
      expect(summaries.map(({ records }) => records)).toEqual([RECORDS.length, RECORDS.length]);
      expect(await job.published()).toEqual({ records: RECORDS, findings: 0 });
      await job.dispose();
    });
  });

  test.for(PLACES)('leave nothing of an %s that two cancel at once', { timeout: 120_000 }, async (place) => {
    await everyOrder(async (scheduler, shape) => {
      const job = await openJob(place, isInMemory);
      const turns = createTurns(scheduler);
      const lives = createLives(job, turns, shape);
      const discarded = async () => {
        await lives.end();
        const discards = ['one', 'two'].map((who) =>
          job.sinkOn(turns.storeOf(`discard ${who}`, job.store)).discard(testContext()),
        );
        await Promise.all(discards);
      };
      await turns.pass(Promise.all([discarded(), lives.zombie()]));
      expect(await collect(job.store.list(''))).toEqual([]);
      await job.dispose();
    });
  });
});
