// Pausing, resuming, cancelling and retrying jobs: with the real workflows, and with no worker at all.
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handover } from '../../src/activities/failures.js';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import { LonghaulError } from '../../src/core/errors.js';
import type { Job } from '../../src/core/job.js';
import { advance, fails, type Script } from '../support/scripted-activities.js';
import { until } from '../support/until.js';
import { beatUntilStopped } from './beating.js';
import {
  BACKUP,
  bundleWorkflows,
  openApi,
  VERIFY,
  withWorker,
  type Page,
  type Problem,
  type TestApi,
} from './fixture.js';

let api: TestApi;
let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows();
  api = await openApi();
});
afterAll(() => api.close());

const worker = <T>(script: Script, use: () => Promise<T>): Promise<T> =>
  withWorker(api.temporal, bundle, script, use);
const steer = <T = Job>(id: string, action: string) => api.post<T>(`/v1/jobs/${id}/${action}`);
const inState = (id: string, state: Job['state']) => api.job(id, (job) => job.state === state);

/** A job whose chunk goes on until it is stopped, ten records on; seven of them show meanwhile. */
const endless: Script = {
  streams: { contacts: [1_000] },
  chunk: async (input) => {
    await beatUntilStopped(input, { delta: { ...NO_TALLIES, records: 7 }, rate: 70 });
    return { end: 'stopped', checkpoint: advance(input, 10, false) };
  },
};

/** As `endless`; a worker that shuts down leaves the chunk to the next one, with what it had beaten. */
const handingOver: Script = {
  ...endless,
  chunk: async (input) => {
    await beatUntilStopped(input, { delta: { ...NO_TALLIES, records: 7 }, rate: 70 });
    throw handover();
  },
};

/** What a call that the job's state does not allow is told. */
async function refusal(id: string, action: string): Promise<string> {
  const { status, body } = await steer<Problem>(id, action);
  return `${status} ${body.code}: ${body.detail}`;
}

/** Fails ten records on as long as `broken`, then copies the rest. */
function mending(broken: () => boolean): Script {
  return {
    streams: { contacts: [100] },
    chunk: (input, left) =>
      broken()
        ? fails(new LonghaulError('disk_full', 'No space left on the device.'), advance(input, 10, false))
        : { end: 'exhausted', checkpoint: advance(input, left, true) },
  };
}

describe('pause and resume', () => {
  it('stop a job at a checkpoint and take it up there; repeated calls are harmless', async () => {
    let stopping = true;
    const script: Script = {
      ...endless,
      chunk: (input, left) =>
        stopping
          ? (endless.chunk?.(input, left) as never)
          : { end: 'exhausted', checkpoint: advance(input, left, true) },
    };
    await worker(script, async () => {
      const { id } = await api.start();
      await api.job(id, (job) => job.progress.records === 7);
      for (let i = 0; i < 2; i++) expect((await steer(id, 'pause')).status).toBe(202);
      const paused = await api.job(
        id,
        (job) => job.state === 'paused' && job.streams[0]?.partitions.running === 0,
      );
      expect(paused.progress).toMatchObject({ records: 10, recordsPerSecond: null });
      stopping = false;
      for (let i = 0; i < 2; i++) expect((await steer(id, 'resume')).status).toBe(202);
      const done = await inState(id, 'completed');
      expect(done.progress).toMatchObject({ records: 1_000, percent: 100 });
      expect(await refusal(id, 'pause')).toBe(
        '409 job_state_conflict: Cannot pause the job: it is completed.',
      );
      expect(await refusal(id, 'resume')).toBe(
        '409 job_state_conflict: Cannot resume the job: it is completed.',
      );
      expect(await refusal(id, 'cancel')).toBe(
        '409 job_state_conflict: Cannot cancel the job: it is completed.',
      );
      expect(await refusal(id, 'retry')).toBe(
        '409 job_state_conflict: Cannot retry the job: it is completed.',
      );
    });
  });

  it('reach a job in their order, even while no worker runs', async () => {
    const { id } = await api.start();
    for (const action of ['pause', 'resume', 'pause']) expect((await steer(id, action)).status).toBe(202);
    await worker(endless, () => inState(id, 'paused'));
  });

  it('say that there is no such job', async () => {
    const { status, body } = await steer<Problem>('none', 'pause');
    expect([status, body.code]).toEqual([404, 'job_unknown']);
  });
});

describe('a change of lanes or pace', () => {
  const change = <T = Job>(id: string, body: unknown) =>
    api.send<T>('PATCH', `/v1/jobs/${id}`, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });

  it('is taken while no worker runs and while one does; repeated calls are harmless', async () => {
    const { id } = await api.start();
    for (let i = 0; i < 2; i++) expect((await change(id, { lanes: 3 })).status).toBe(202);
    await worker(endless, async () => {
      await api.job(id, (job) => job.lanes === 3 && job.streams.length === 1);
      expect((await change(id, { lanes: 1 })).status).toBe(202);
      await api.job(id, (job) => job.lanes === 1);
      await steer(id, 'cancel');
      await inState(id, 'cancelled');
      const { status, body } = await change<Problem>(id, { lanes: 2 });
      expect([status, body.code, body.detail]).toEqual([
        409,
        'job_state_conflict',
        'Cannot change the job: it is cancelled.',
      ]);
    });
  });

  it('holds for a retry as well', async () => {
    let broken = true;
    await worker(
      mending(() => broken),
      async () => {
        const { id } = await api.start();
        await change(id, { lanes: 5 });
        await inState(id, 'failed');
        broken = false;
        await steer(id, 'retry');
        expect(await inState(id, 'completed')).toMatchObject({ lanes: 5 });
      },
    );
  });

  it('holds a job to a pace until that is taken away, also over a retry', async () => {
    let broken = true;
    await worker(
      mending(() => broken),
      async () => {
        const { id } = await api.start();
        await change(id, { requestsPerSecond: 0.5, lanes: 2 });
        expect(await inState(id, 'failed')).toMatchObject({ requestsPerSecond: 0.5, lanes: 2 });
        broken = false;
        await steer(id, 'retry');
        expect(await inState(id, 'completed')).toMatchObject({ requestsPerSecond: 0.5, lanes: 2 });
      },
    );
    await worker(endless, async () => {
      const { id } = await api.start();
      await change(id, { requestsPerSecond: 7 });
      await api.job(id, (job) => job.requestsPerSecond === 7);
      await change(id, { requestsPerSecond: null });
      await api.job(id, (job) => job.requestsPerSecond === null);
    });
  });

  it.each([
    [{}, ''],
    [{ requestsPerSecond: 0 }, 'requestsPerSecond'],
    [{ requestsPerSecond: '5' }, 'requestsPerSecond'],
    [{ lanes: 0 }, 'lanes'],
    [{ lanes: 65 }, 'lanes'],
    [{ lanes: 1.5 }, 'lanes'],
    [{ pace: 1 }, 'pace'],
  ])('refuses %j with the path of the fault', async (body, path) => {
    const { id } = await api.start();
    const answer = await change<Problem>(id, body);
    expect([answer.status, answer.body.code, answer.body.errors?.[0]?.path]).toEqual([
      400,
      'request_invalid',
      path,
    ]);
  });

  it('says that there is no such job', async () => {
    const { status, body } = await change<Problem>('none', { lanes: 2 });
    expect([status, body.code]).toEqual([404, 'job_unknown']);
  });
});

describe('cancel', () => {
  it('shows at once, before any worker has seen it; repeated calls are harmless', async () => {
    const { id } = await api.start();
    const first = await steer(id, 'cancel');
    expect([first.status, first.body.state]).toEqual([202, 'cancelling']);
    expect((await steer(id, 'cancel')).status).toBe(202);
    expect(await refusal(id, 'pause')).toBe(
      '409 job_state_conflict: Cannot pause the job: it is cancelling.',
    );
    await worker(endless, () => inState(id, 'cancelled'));
    expect((await steer(id, 'cancel')).status).toBe(202);
    expect(await refusal(id, 'resume')).toBe(
      '409 job_state_conflict: Cannot resume the job: it is cancelled.',
    );
    expect(await refusal(id, 'retry')).toBe('409 job_state_conflict: Cannot retry the job: it is cancelled.');
  });

  it('does what the button of the Web UI does', async () => {
    await worker(endless, async () => {
      const { id } = await api.start();
      await inState(id, 'running');
      await api.temporal.client.workflow.getHandle(id).cancel();
      expect((await inState(id, 'cancelled')).error).toBeNull();
    });
  });
});

describe('progress', () => {
  it('is that of the running chunks as well, and stays readable when the worker is gone', async () => {
    const { id } = await api.start();
    await worker(handingOver, async () => {
      const job = await api.job(id, ({ progress }) => progress.records === 7);
      expect(job.progress).toMatchObject({ recordsPerSecond: 70, estimatedRecords: 1_000, percent: 0.7 });
      expect(job.streams).toEqual([
        {
          name: 'contacts',
          state: 'running',
          records: 7,
          estimatedRecords: 1_000,
          partitions: { done: 0, running: 1, total: 1 },
        },
      ]);
    });
    const { status, body } = await api.get(`/v1/jobs/${id}`);
    expect([status, body.state]).toEqual([200, 'running']);
    expect(body.progress).toMatchObject({ records: 7, recordsPerSecond: null });
    await api.temporal.client.workflow.getHandle(id).terminate();
  });
});

describe('retry', () => {
  it('goes on from the checkpoints of the failed run; repeated calls are harmless', async () => {
    let broken = true;
    const { id, createdAt } = await api.start();
    await worker(
      mending(() => broken),
      async () => {
        const failed = await inState(id, 'failed');
        expect(failed.error).toMatchObject({ code: 'disk_full', message: 'No space left on the device.' });
        expect(failed.progress.records).toBe(10);
      },
    );
    broken = false;
    const first = await steer(id, 'retry');
    expect(first).toMatchObject({ status: 202, body: { id, state: 'queued', createdAt, error: null } });
    expect(first.body.progress.records).toBe(10);
    expect((await steer(id, 'retry')).status).toBe(202);
    await worker(
      mending(() => broken),
      async () => {
        const done = await inState(id, 'completed');
        expect(done.progress).toMatchObject({ records: 100, requests: 100 });
      },
    );
    expect((await steer(id, 'retry')).status).toBe(202);
  });

  it('is listed once, by its latest run', async () => {
    const { id } = await api.start();
    await worker(
      mending(() => true),
      () => inState(id, 'failed'),
    );
    const listed = async (query: string) =>
      (await api.get<Page>(`/v1/jobs?${query}`)).body.jobs
        .filter((job) => job.id === id)
        .map(({ state }) => state);
    await until('it is listed as failed', async () => (await listed('state=failed')).length === 1);
    await steer(id, 'retry');
    await until('the new run is listed', async () => (await listed('state=queued')).length === 1);
    expect(await listed('')).toEqual(['queued']);
    expect(await listed('state=failed')).toEqual([]);
    await api.temporal.client.workflow.getHandle(id).terminate();
  });

  it('of many at once starts one run', async () => {
    const { id } = await api.start();
    await worker(
      mending(() => true),
      () => inState(id, 'failed'),
    );
    const answers = await Promise.all(Array.from({ length: 5 }, () => steer(id, 'retry')));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
    await worker(
      mending(() => false),
      () => inState(id, 'completed'),
    );
  });

  it('is refused for a job that runs or waits for its first worker', async () => {
    const { id } = await api.start();
    expect(await refusal(id, 'retry')).toBe('409 job_state_conflict: Cannot retry the job: it is queued.');
    await api.temporal.client.workflow.getHandle(id).terminate();
  });

  it('is refused for a terminated backup, which left nothing to go on from', async () => {
    const { id } = await api.start(BACKUP);
    await api.temporal.client.workflow.getHandle(id).terminate();
    expect(await refusal(id, 'retry')).toBe(
      '409 job_state_conflict: Cannot retry the job: it left no checkpoint (job_terminated).',
    );
  });

  it('lets a terminated verify job, which only reads, begin again', async () => {
    const { id } = await api.start(VERIFY);
    await api.temporal.client.workflow.getHandle(id).terminate();
    expect(await steer(id, 'retry')).toMatchObject({ status: 202, body: { state: 'queued' } });
    await worker({ streams: { contacts: [5] } }, () => inState(id, 'completed'));
  });
});
