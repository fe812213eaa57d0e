// The workflow's promises, in the time-skipping server: weeks pass in milliseconds, activities do what a script says.
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/activities/clock.js';
import { handover } from '../../src/activities/failures.js';
import { onLifeline } from '../../src/activities/lifeline.js';
import type { Differences, SealSummary } from '../../src/core/connector.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { JobSpec } from '../../src/core/spec.js';
import type { CarriedState, JobInput } from '../../src/core/work.js';
import {
  advance,
  fails,
  SEALED,
  sealsAgain,
  untilCancelled,
  type Script,
} from '../support/scripted-activities.js';
import { startTimeSkipping } from '../support/time-skipping.js';
import { until } from '../support/until.js';
import { inputOf, prepareWorkflows, runJobWith, type Running } from '../support/workflow-job.js';

let env: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  workflowBundle = await prepareWorkflows();
  env = await startTimeSkipping();
});
afterAll(() => env?.teardown());

/** Runs a job against scripted activities for the length of `use`. */
function withJob<T>(script: Script, use: (job: Running) => Promise<T>, input?: JobInput): Promise<T> {
  const { client, nativeConnection } = env;
  return runJobWith({ client, nativeConnection, namespace: 'default' }, workflowBundle, script, use, input);
}

async function failureOf(
  handle: WorkflowHandle,
): Promise<{ code: string | null | undefined; state: CarriedState | null }> {
  const error = await handle.result().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const cause = (error as WorkflowFailedError).cause as ApplicationFailure;
  const details = cause.details?.[0] as { state: CarriedState | null } | undefined;
  return { code: cause.type, state: details?.state ?? null };
}

describe('a job', () => {
  it('copies every partition once and seals all their heads', async () => {
    await withJob({ streams: { a: [10, 20, 30], b: [5] } }, async ({ handle, calls, memo }) => {
      await handle.result();
      expect(calls.copy.map(({ work }) => work.index)).toHaveLength(4);
      const sealed = new Map(calls.seal[0]?.heads.map(({ index, records }) => [index, records]));
      expect(Object.fromEntries(sealed)).toEqual({ 0: 10, 1: 20, 2: 30, 3: 5 });
      expect(await memo()).toMatchObject({ state: 'completed', tallies: { records: 65 }, streamsTotal: 2 });
    });
  });

  it('works in as many lanes as the plan allows, and no more', async () => {
    let [running, most] = [0, 0];
    const chunk: Script['chunk'] = async (input, left) => {
      most = Math.max(most, ++running);
      await until('three lanes at work', () => most === 3);
      running -= 1;
      return { end: 'exhausted', checkpoint: advance(input, left, true) };
    };
    await withJob({ streams: { a: Array.from({ length: 9 }, () => 1) }, lanes: 3, chunk }, ({ handle }) =>
      handle.result(),
    );
    expect(most).toBe(3);
  });

  it('ends by the fifth fault of our own in a chunk, however many workers went away from it before', async () => {
    let [handovers, faults] = [0, 0];
    const chunk: Script['chunk'] = () =>
      onLifeline(systemClock, async () => {
        if (handovers < 10) {
          handovers += 1;
          throw handover();
        }
        faults += 1;
        throw new TypeError('x is undefined');
      });
    await withJob({ streams: { a: [1] }, chunk }, async ({ handle }) => {
      expect(await failureOf(handle)).toMatchObject({ code: 'internal' });
    });
    expect({ handovers, faults }).toEqual({ handovers: 10, faults: 5 });
  });

  it('begins a stage when everything before it is finished', async () => {
    const finished: string[] = [];
    const begun = new Map<string, readonly string[]>();
    const chunk: Script['chunk'] = (input, left) => {
      const { stream } = input.work;
      if (!begun.has(stream)) begun.set(stream, [...finished]);
      const step = Math.min(1, left);
      if (left === step) finished.push(stream);
      return { end: left > step ? 'budget' : 'exhausted', checkpoint: advance(input, step, left === step) };
    };
    const script = {
      streams: { a: [3], b: [1], c: [1] },
      streamsPerPlanPage: 1,
      barriers: ['b'],
      lanes: 3,
      chunk,
    };
    await withJob(script, ({ handle }) => handle.result());
    expect(begun.get('b')).toEqual(['a']);
    expect(finished.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('goes on from the checkpoint of a chunk that had done its share', async () => {
    const chunk: Script['chunk'] = (input, left) => {
      const step = Math.min(4, left);
      return { end: left > step ? 'budget' : 'exhausted', checkpoint: advance(input, step, left === step) };
    };
    await withJob({ streams: { a: [10] }, lanes: 1, chunk }, async ({ handle, calls }) => {
      await handle.result();
      expect(calls.copy.map(({ work }) => work.checkpoint?.cursor ?? null)).toEqual([null, 4, 8]);
    });
  });

  it('plans on while it works, and settles heads before there are many', async () => {
    const streams = Object.fromEntries(
      Array.from({ length: 130 }, (_, i) => [`s${String(i).padStart(3, '0')}`, [1]]),
    );
    await withJob({ streams, streamsPerPlanPage: 40, lanes: 4 }, async ({ handle, calls }) => {
      await handle.result();
      expect(calls.plan).toHaveLength(4);
      const settled = calls.settle.flatMap(({ heads }) => heads.map(({ index }) => index));
      const sealed = calls.seal[0]?.heads.map(({ index }) => index) ?? [];
      expect([...settled, ...sealed].sort((a, b) => a - b)).toEqual(Array.from({ length: 130 }, (_, i) => i));
      expect(sealed.length).toBeLessThan(60);
    });
  });
});

describe('steering', () => {
  it('pauses at a checkpoint and resumes exactly there', async () => {
    const chunk: Script['chunk'] = async (input, left) => {
      if (input.work.checkpoint) return { end: 'exhausted', checkpoint: advance(input, left, true) };
      await untilCancelled();
      return { end: 'stopped', checkpoint: advance(input, 3, false) };
    };
    await withJob({ streams: { a: [10] }, chunk }, async ({ handle, calls, memo }) => {
      await until('a chunk runs', () => calls.copy.length === 1);
      await handle.signal('pause');
      await until('the chunk has flushed', async () => (await memo()).tallies.records === 3);
      expect(await memo()).toMatchObject({ state: 'paused' });
      await handle.signal('resume');
      await handle.result();
      expect(calls.copy.map(({ work }) => work.checkpoint?.cursor ?? null)).toEqual([null, 3]);
    });
  });

  it('works in more lanes at once, and in fewer from a checkpoint on, and loses nothing', async () => {
    let running = 0;
    let hurried = false;
    const chunk: Script['chunk'] = async (input, left) => {
      if (hurried) return { end: 'exhausted', checkpoint: advance(input, left, true) };
      running += 1;
      await untilCancelled();
      running -= 1;
      return { end: 'stopped', checkpoint: advance(input, 1, false) };
    };
    const streams = { a: [10, 10, 10], b: [10, 10], c: [10] };
    await withJob({ streams, lanes: 1, chunk }, async ({ handle, calls, memo }) => {
      await until('a chunk runs', () => running === 1);
      await handle.signal('change', { lanes: 4 });
      await until('four chunks run', () => running === 4);
      await handle.signal('change', { lanes: 'none' });
      await handle.signal('change', { lanes: 2 });
      await until('all have stopped and two go on', () => running === 2 && calls.copy.length === 6);
      expect(await memo()).toMatchObject({ state: 'running', lanes: 2, tallies: { records: 4 } });
      hurried = true;
      await handle.signal('pause');
      await until('both have stopped', () => running === 0);
      await handle.signal('resume');
      await handle.result();
      expect(calls.seal[0]?.heads.map(({ records }) => records)).toEqual([10, 10, 10, 10, 10, 10]);
    });
  });

  it('gives each lane its share of a new pace from a checkpoint on, and loses nothing', async () => {
    let running = 0;
    const chunk: Script['chunk'] = async (input, left) => {
      if ((input.requestsPerSecond ?? 0) >= 8)
        return { end: 'exhausted', checkpoint: advance(input, left, true) };
      running += 1;
      await untilCancelled();
      running -= 1;
      return { end: 'stopped', checkpoint: advance(input, 1, false) };
    };
    await withJob({ streams: { a: [10, 10], b: [10] }, lanes: 2, chunk }, async ({ handle, calls, memo }) => {
      await until('two chunks run', () => running === 2);
      await handle.signal('change', { requestsPerSecond: 6 });
      await until('two go on', () => running === 2 && calls.copy.length === 4);
      await handle.signal('change', { requestsPerSecond: -1 });
      await handle.signal('change', { lanes: 3 });
      await until('three go on', () => running === 3 && calls.copy.length === 7);
      expect(await memo()).toMatchObject({ requestsPerSecond: 6, lanes: 3, tallies: { records: 4 } });
      await handle.signal('change', { requestsPerSecond: 24 });
      await handle.result();
      const paces = calls.copy.map(({ requestsPerSecond }) => requestsPerSecond);
      expect(paces.slice(0, 7)).toEqual([undefined, undefined, 3, 3, 2, 2, 2]);
      expect(calls.seal[0]?.heads.map(({ records }) => records)).toEqual([10, 10, 10]);
    });
  });

  it('asks later pages of the plan to cut for the lanes that were asked for', async () => {
    let release = false;
    const chunk: Script['chunk'] = async (input, left) => {
      await until('the test goes on', () => release);
      return { end: 'exhausted', checkpoint: advance(input, left, true) };
    };
    const streams = { a: [1, 1], b: [1], c: [1] };
    await withJob({ streams, streamsPerPlanPage: 1, lanes: 1, chunk }, async ({ handle, calls, memo }) => {
      await until('a chunk runs', () => calls.copy.length === 1);
      await handle.signal('change', { lanes: 3 });
      await until('three lanes are at work', () => calls.copy.length === 3);
      release = true;
      await handle.result();
      expect(calls.plan.map(({ lanes }) => lanes)).toEqual([undefined, 3, 3]);
      expect((await memo()).lanes).toBe(3);
    });
  });

  it('cancels by letting chunks flush, then removes what was written', async () => {
    const chunk: Script['chunk'] = async (input) => {
      await untilCancelled();
      return { end: 'stopped', checkpoint: advance(input, 3, false) };
    };
    await withJob({ streams: { a: [10], b: [10] }, chunk }, async ({ handle, calls, memo }) => {
      await until('both chunks run', () => calls.copy.length === 2);
      await handle.cancel();
      const error = await handle.result().catch((thrown: unknown) => thrown);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      expect(calls.discard).toHaveLength(1);
      expect(calls.seal).toHaveLength(0);
      expect(await memo()).toMatchObject({ state: 'cancelled' });
    });
  });

  it('is cancelled even where what was written cannot be removed, and says so', async () => {
    const chunk: Script['chunk'] = async (input) => {
      await untilCancelled();
      return { end: 'stopped', checkpoint: advance(input, 3, false) };
    };
    const discardError = new LonghaulError('sink_unwritable', 'the folder is read-only');
    await withJob({ streams: { a: [10] }, chunk, discardError }, async ({ handle, calls, memo }) => {
      await until('a chunk runs', () => calls.copy.length === 1);
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      expect(await memo()).toMatchObject({ state: 'cancelled', error: { code: 'sink_unwritable' } });
    });
  });

  it('is cancelled even when it comes while the job is failing', async () => {
    const chunk: Script['chunk'] = async (input) => {
      if (input.work.stream === 'b')
        return fails(new LonghaulError('table_missing', 'gone'), advance(input, 0, false));
      await untilCancelled();
      flushing = true;
      await until('the cancel has come', () => cancelled);
      return { end: 'stopped', checkpoint: advance(input, 3, false) };
    };
    let [flushing, cancelled] = [false, false];
    await withJob({ streams: { a: [10], b: [10] }, chunk }, async ({ handle, calls, memo }) => {
      await until('the lane that works is flushing', () => flushing);
      await handle.cancel();
      await until('the workflow has heard of it', async () => (await memo()).state === 'cancelling');
      cancelled = true;
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect((await handle.describe()).status.name).toBe('CANCELLED');
      expect(calls.discard).toHaveLength(1);
    });
  });

  it('cancels a paused job', async () => {
    const chunk: Script['chunk'] = async (input) => {
      await untilCancelled();
      return { end: 'stopped', checkpoint: advance(input, 3, false) };
    };
    await withJob({ streams: { a: [10] }, chunk }, async ({ handle, calls, memo }) => {
      await until('a chunk runs', () => calls.copy.length === 1);
      await handle.signal('pause');
      await until('the chunk has flushed', async () => (await memo()).tallies.records === 3);
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(calls.discard).toHaveLength(1);
    });
  });

  it('pauses while it is sealed, and seals again from the start when it is resumed', async () => {
    const seal = sealsAgain();
    await withJob({ streams: { a: [10] }, seal }, async ({ handle, calls, memo }) => {
      await until('it is sealed', () => calls.seal.length === 1);
      await handle.signal('pause');
      await until('it is paused', async () => (await memo()).state === 'paused');
      expect(calls.seal).toHaveLength(1);
      await handle.signal('resume');
      expect(await handle.result()).toEqual(SEALED);
      expect(calls.seal).toHaveLength(2);
    });
  });

  it('is cancelled while it is sealed', async () => {
    const seal = sealsAgain();
    await withJob({ streams: { a: [10] }, seal }, async ({ handle, calls, memo }) => {
      await until('it is sealed', () => calls.seal.length === 1);
      await handle.cancel();
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
      expect(calls.discard).toHaveLength(1);
      expect(await memo()).toMatchObject({ state: 'cancelled' });
    });
  });

  it.each(['pause', 'cancel'] as const)(
    'completes where a %s comes too late to keep it from being sealed',
    async (ask) => {
      const seal = sealsAgain(() => SEALED);
      await withJob({ streams: { a: [10] }, seal }, async ({ handle, calls, memo }) => {
        await until('it is sealed', () => calls.seal.length === 1);
        await (ask === 'cancel' ? handle.cancel() : handle.signal(ask));
        expect(await handle.result()).toEqual(SEALED);
        expect(calls.discard).toHaveLength(0);
        expect(await memo()).toMatchObject({ state: 'completed' });
      });
    },
  );

  it('keeps its lanes and pace apart from its seal, which no change of them ends', async () => {
    let changed = false;
    const seal = async (): Promise<SealSummary> => {
      await until('the lanes are changed', () => changed);
      return SEALED;
    };
    await withJob({ streams: { a: [10] }, seal }, async ({ handle, calls, memo }) => {
      await until('it is sealed', () => calls.seal.length === 1);
      await handle.signal('change', { lanes: 1, requestsPerSecond: 5 });
      await until('it has heard of them', async () => (await memo()).requestsPerSecond === 5);
      changed = true;
      await handle.result();
      expect(calls.seal).toHaveLength(1);
    });
  });

  it('waits durably for as long as the source asks, and says until when', async () => {
    const week = 7 * 86_400_000;
    const began = await env.currentTimeMs();
    const chunk: Script['chunk'] = (input, left) =>
      input.work.checkpoint
        ? { end: 'exhausted', checkpoint: advance(input, left, true) }
        : {
            end: 'waiting',
            checkpoint: advance(input, 1, false),
            wait: { until: began + week, reason: 'retry-after' },
          };
    await withJob({ streams: { a: [10] }, chunk }, async ({ handle, calls, memo }) => {
      await until('the job waits', async () => (await memo())?.state === 'waiting');
      expect((await memo()).wait).toEqual({ until: began + week, reason: 'retry-after' });
      await handle.result();
      expect(calls.copy).toHaveLength(2);
      expect(await env.currentTimeMs()).toBeGreaterThanOrEqual(began + week);
    });
  });

  it('waits durably where nothing can be planned yet', async () => {
    const planWait = {
      until: (await env.currentTimeMs()) + 6 * 3_600_000,
      reason: 'the window of the connection',
    };
    await withJob({ streams: { a: [10] }, planWait }, async ({ handle, calls, memo }) => {
      await handle.result();
      expect(calls.plan).toHaveLength(2);
      expect((await memo()).tallies.records).toBe(10);
      expect(await env.currentTimeMs()).toBeGreaterThanOrEqual(planWait.until);
    });
  });

  it('keeps a daily quota over days', async () => {
    const chunk: Script['chunk'] = (input, left) => {
      const step = Math.min(input.requests ?? 0, left);
      return { end: left > step ? 'quota' : 'exhausted', checkpoint: advance(input, step, left === step) };
    };
    await withJob({ streams: { a: [250, 200] }, requestsPerDay: 100, chunk }, async ({ handle, memo }) => {
      await handle.result();
      expect((await memo()).tallies.requests).toBe(450);
      const { startTime, closeTime } = await handle.describe();
      const days = (Number(closeTime) - Number(startTime)) / 86_400_000;
      expect(days).toBeGreaterThan(3);
      expect(days).toBeLessThanOrEqual(5);
    });
  });
});

describe('a job that fails', () => {
  const dropped = new LonghaulError('table_missing', 'the table is gone');

  it('names the error and keeps the checkpoints of every lane for a retry', async () => {
    let broken = true;
    const chunk: Script['chunk'] = async (input, left) => {
      if (!broken) return { end: 'exhausted', checkpoint: advance(input, left, true) };
      if (input.work.stream === 'a') {
        await untilCancelled();
        return { end: 'stopped', checkpoint: advance(input, 7, false) };
      }
      return fails(dropped, advance(input, 4, false));
    };
    const script: Script = { streams: { a: [10], b: [10] }, chunk };
    const input = inputOf(randomUUID());
    const failure = await withJob(
      script,
      async ({ handle, memo }) => {
        const failed = await failureOf(handle);
        expect(await memo()).toMatchObject({
          state: 'failed',
          error: { code: 'table_missing', stream: 'b', partition: '0' },
        });
        return failed;
      },
      input,
    );
    expect(failure.code).toBe('table_missing');
    broken = false;
    const resume = failure.state as CarriedState;
    await withJob(
      script,
      async ({ handle, calls, memo }) => {
        await handle.result();
        expect(calls.plan).toHaveLength(0);
        const cursors = calls.copy.map(({ work }) => [work.stream, work.checkpoint?.cursor]);
        expect(calls.copy).toHaveLength(2);
        expect(Object.fromEntries(cursors)).toEqual({ a: 7, b: 4 });
        expect(await memo()).toMatchObject({ state: 'completed', tallies: { records: 20 } });
      },
      { ...input, resume },
    );
  });

  it('fails when its chunks together have set aside more records than it may, and tells each how many are left', async () => {
    const { job } = inputOf(randomUUID());
    const input: JobInput = {
      job: { ...job, spec: { ...job.spec, options: { rejects: { max: 5 } } } as JobSpec },
    };
    const chunk: Script['chunk'] = (copy, left) => {
      const { tallies, ...rest } = advance(copy, left, true);
      return { end: 'exhausted', checkpoint: { ...rest, tallies: { ...tallies, rejects: 2 } } };
    };
    const script: Script = { streams: { a: [1, 1, 1, 1] }, lanes: 1, chunk };
    await withJob(
      script,
      async ({ handle, calls, memo }) => {
        expect((await failureOf(handle)).code).toBe('rejects_exceeded');
        expect(calls.copy.map(({ rejects }) => rejects)).toEqual([5, 3, 1]);
        expect(await memo()).toMatchObject({ state: 'failed', tallies: { rejects: 6 } });
      },
      input,
    );
  });

  it('fails with the error of its plan', async () => {
    const planError = new LonghaulError('stream_unknown', 'there is no stream x');
    await withJob({ streams: { a: [1] }, planError }, async ({ handle, memo }) => {
      expect((await failureOf(handle)).code).toBe('stream_unknown');
      expect(await memo()).toMatchObject({ state: 'failed', error: { message: 'there is no stream x' } });
    });
  });

  it('names what a verify found, and starts anew when retried', async () => {
    const findings = [{ path: 'a/0/000000-x.jsonl', problem: 'missing', detail: '' }] as const;
    const seal: Script['seal'] = () => ({
      records: 1,
      bytes: 1,
      storedBytes: 1,
      segments: 1,
      findings,
      findingsTotal: 1,
    });
    await withJob({ streams: { a: [1] }, seal }, async ({ handle, memo }) => {
      expect(await failureOf(handle)).toEqual({ code: 'archive_damaged', state: null });
      expect((await memo()).error?.message).toContain('a/0/000000-x.jsonl is missing');
      expect((await memo()).error?.hint).toContain('the other objects are intact');
    });
  });

  it('says nothing of objects that a sample left unread, where it found one damaged', async () => {
    const read = { segments: 1, records: 1, bytes: 1, storedBytes: 1 };
    const sample = { share: '10%', read, of: { ...read, segments: 9 } };
    const findings = [{ path: 'a/0/000000-x.jsonl', problem: 'damaged', detail: '' }] as const;
    const seal: Script['seal'] = () => ({ ...read, segments: 0, findings, findingsTotal: 1, sample });
    await withJob({ streams: { a: [1] }, seal }, async ({ handle, memo }) => {
      expect((await failureOf(handle)).code).toBe('archive_damaged');
      expect(await memo()).toMatchObject({ state: 'failed', result: { sample } });
      expect((await memo()).error?.hint).toContain('only a sample was read');
    });
  });

  it('completes where a comparison found no difference, and fails by name where it found some', async () => {
    const found = (differences: Differences): Script['seal'] => {
      return () => ({ records: 5, bytes: 1, storedBytes: 0, segments: 0, differences });
    };
    const none = { same: 5, added: 0, removed: 0, changed: 0, duplicates: 0 };
    await withJob({ streams: { a: [1] }, seal: found(none) }, async ({ handle, memo }) => {
      expect(await handle.result()).toMatchObject({ differences: none });
      expect(await memo()).toMatchObject({ state: 'completed', error: null });
    });
    const some = { ...none, same: 1, changed: 4, duplicates: 1 };
    await withJob({ streams: { a: [1] }, seal: found(some) }, async ({ handle, memo }) => {
      expect(await failureOf(handle)).toEqual({ code: 'archive_differs', state: null });
      expect(await memo()).toMatchObject({ state: 'failed', result: { differences: some } });
      expect((await memo()).error?.message).toBe(
        'Against the archive: 0 added, 0 removed, 4 changed, 1 key comes more than once; 1 record is the same',
      );
    });
  });
});
