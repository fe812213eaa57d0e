// The pace that a job is held to while it runs: how far apart its requests come, and how soon a wait for one ends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/activities/clock.js';
import { createPace } from '../../src/activities/pace.js';
import { Stopped } from '../../src/core/errors.js';
import { createHttpConnection } from '../../src/connectors/http/index.js';
import { openChunkJob, type ChunkJob } from '../support/chunk-job.js';
import { contactsApi, readContacts } from '../support/http.js';
import { testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';

const BEGIN = 1_000_000;

/** Time passes only where it is slept away, by however many at once. */
function createClock(
  onSleep: () => void = () => {},
): Clock & { passed(): number; readonly sleeps: number[] } {
  let now = BEGIN;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    passed: () => now - BEGIN,
    async sleep(ms) {
      const due = now + ms;
      sleeps.push(ms);
      onSleep();
      await Promise.resolve();
      now = Math.max(now, due);
    },
  };
}

describe('a chunk with a pace', () => {
  const RECORDS = someRecords(60);
  let job: ChunkJob;
  beforeEach(async () => void (job = await openChunkJob(RECORDS)));
  afterEach(() => job.dispose());

  test('asks for its pages no faster, and copies them all', async () => {
    const clock = createClock();
    const { end, checkpoint } = await job.chunk({ clock, pace: createPace(2, clock) }).run();
    expect([end, checkpoint.tallies.requests, clock.passed()]).toEqual(['exhausted', 6, 3_000]);
    expect(await job.sealed(checkpoint)).toEqual(RECORDS);
  });

  test('stops while it waits for its turn, and keeps what it has read', async () => {
    const clock = createClock(() => chunk.stop());
    const chunk = job.chunk({ clock, pace: createPace(0.1, clock) });
    const { end, checkpoint } = await chunk.run();
    expect([end, checkpoint.tallies.records, checkpoint.cursor]).toEqual(['stopped', 10, 10]);
    const rest = await job.chunk({ checkpoint }).run();
    expect(await job.sealed(rest.checkpoint)).toEqual(RECORDS);
    expect(job.source.askedTwice()).toEqual([]);
  });
});

describe('a pace', () => {
  test('gives turns to those who ask at once one after another, and counts each request once', async () => {
    const clock = createClock();
    const pace = createPace(10, clock);
    const ctx = testContext();
    const asking = [1, 2, 3].map(() => pace.turn(ctx.stop, ctx.meter).then(() => pace.sent()));
    await Promise.all(asking);
    expect(clock.sleeps).toEqual([100, 200]);
    await pace.evened(ctx.stop, ctx.meter);
    expect(clock.passed()).toBe(300);
    pace.sent();
    await pace.turn(ctx.stop, ctx.meter);
    expect(clock.passed()).toBe(400);
  });

  test('shows a long wait, and does not hold a job that stops', async () => {
    const ctx = testContext();
    const clock = createClock(() => ctx.halt());
    const pace = createPace(0.01, clock);
    const shown: (number | null)[] = [];
    const meter = { ...ctx.meter, waiting: (until: number | null) => void shown.push(until) };
    pace.sent();
    await expect(pace.turn(ctx.stop, meter)).rejects.toThrow(Stopped);
    expect(shown).toEqual([BEGIN + 100_000, null]);
  });

  test('is asked for by the HTTP connector before each request', async () => {
    const api = await contactsApi();
    const connection = createHttpConnection('crm', api.connection('cursor', { pageSize: 5 }));
    const ctx = testContext();
    let turns = 0;
    const turn = async (): Promise<void> => void (turns += 1);
    await readContacts(connection.source!({}), { ctx: { ...ctx, turn } });
    expect([turns, api.requests.length]).toEqual([10, 10]);
  });
});
