// The events of a job, as a browser or a script reads them.
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_TALLIES } from '../../src/core/checkpoint.js';
import type { Job } from '../../src/core/job.js';
import { advance, type Script } from '../support/scripted-activities.js';
import { until } from '../support/until.js';
import { beatUntilStopped } from './beating.js';
import {
  apiOn,
  bundleWorkflows,
  openApi,
  withWorker,
  type Api,
  type Problem,
  type TestApi,
} from './fixture.js';

interface Event {
  readonly event: string;
  readonly id: string;
  readonly job: Job;
}

/** What has come so far, and whether the stream has ended. */
interface Reading {
  readonly status: number;
  readonly events: readonly Event[];
  readonly ended: Promise<void>;
  /** Goes away, as a closed tab does. */
  cancel(): Promise<void>;
}

async function read({ app }: Api, id: string, lastEventId?: string): Promise<Reading> {
  const headers: Record<string, string> = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await app.request(`/v1/jobs/${id}/events`, { headers });
  const events: Event[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const drain = async (): Promise<void> => {
    let text = '';
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      const blocks = (text + part.value).split('\n\n');
      text = blocks.pop() ?? '';
      events.push(...blocks.filter((block) => !block.startsWith(':')).map(parse));
    }
  };
  return { status: response.status, events, ended: drain(), cancel: async () => reader?.cancel() };
}

function parse(block: string): Event {
  const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)));
  return { event: fields['event'], id: fields['id'], job: JSON.parse(fields['data']) as Job };
}

const names = ({ events }: Reading): string[] => events.map(({ event, job }) => `${event} ${job.state}`);

let api: TestApi;
let bundle: WorkflowBundle;
beforeAll(async () => {
  bundle = await bundleWorkflows();
  api = await openApi();
});
afterAll(() => api.close());

/** Copies seven records, waits for a pause, and the rest after it. */
function stopping(): Script {
  let first = true;
  return {
    streams: { contacts: [100] },
    chunk: async (input, left) => {
      if (!first) return { end: 'exhausted', checkpoint: advance(input, left, true) };
      first = false;
      await beatUntilStopped(input, { delta: { ...NO_TALLIES, records: 7 }, rate: 70 });
      return { end: 'stopped', checkpoint: advance(input, 10, false) };
    },
  };
}

const terminate = (id: string) => api.temporal.client.workflow.getHandle(id).terminate();
const seen = (reading: Reading, wanted: (event: Event) => boolean) =>
  until('an event', () => reading.events.find(wanted), { seen: () => names(reading).join(', ') });

describe('the stream of events', () => {
  it('follows a job from its start to its end, figures never going back, and ends', async () => {
    const { id } = await api.start();
    const reading = await read(api, id);
    await withWorker(api.temporal, bundle, stopping(), async () => {
      await seen(reading, ({ job }) => job.progress.records === 7);
      await api.post(`/v1/jobs/${id}/pause`);
      await seen(reading, ({ job }) => job.state === 'paused');
      await api.post(`/v1/jobs/${id}/resume`);
      await reading.ended;
    });
    expect(names(reading)[0]).toBe('state queued');
    expect(names(reading).slice(-2)).toEqual(['state completed', 'done completed']);
    const records = reading.events.map(({ job }) => job.progress.records);
    expect(records).toEqual([...records].sort((a, b) => a - b));
    expect(records.at(-1)).toBe(100);
  });

  it('resumes after the last event that was seen', async () => {
    const { id } = await api.start();
    const first = await read(api, id);
    const state = await seen(first, ({ event }) => event === 'state');
    await first.cancel();
    const second = await read(api, id, state.id);
    await terminate(id);
    await second.ended;
    expect(names(second).filter((name) => !name.startsWith('progress'))).toEqual([
      'state failed',
      'done failed',
    ]);
  });

  it('tells a browser that has seen the end to ask no more', async () => {
    const { id } = await api.start();
    await terminate(id);
    const reading = await read(api, id);
    await reading.ended;
    expect(names(reading)).toEqual(['state failed', 'done failed']);
    const again = await read(api, id, reading.events.at(-1)?.id);
    expect([again.status, again.events.length]).toEqual([204, 0]);
  });

  it('ends without done when the API shuts down', async () => {
    const { id } = await api.start();
    const own = apiOn(api.temporal);
    const reading = await read(own, id);
    await seen(reading, () => true);
    own.stop();
    await reading.ended;
    expect(names(reading)).not.toContain('done queued');
    await terminate(id);
  });

  it('says before it begins that there is no such job', async () => {
    const { status, body } = await api.get<Problem>('/v1/jobs/none/events');
    expect([status, body.code]).toEqual([404, 'job_unknown']);
  });
});
