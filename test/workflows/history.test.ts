// What a job leaves in Temporal, and what becomes of activities that are cancelled and lost at once: on the real server, which
// alone counts events and ends attempts as production does.
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handover } from '../../src/activities/failures.js';
import { advance, SEALED, sealsAgain, type Script } from '../support/scripted-activities.js';
import { openTemporal, type TestTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { prepareWorkflows, runJobWith } from '../support/workflow-job.js';

let temporal: TestTemporal;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  workflowBundle = await prepareWorkflows();
  temporal = await openTemporal();
});
afterAll(() => temporal?.close());

describe('a job that is paused while it is sealed', () => {
  it('seals again when it is resumed, where its worker went away at that moment, too', async () => {
    const seal = sealsAgain(() => {
      throw handover();
    });
    await runJobWith(
      temporal,
      workflowBundle,
      { streams: { a: [10] }, seal },
      async ({ handle, calls, memo }) => {
        await until('it is sealed', () => calls.seal.length === 1);
        await handle.signal('pause');
        await until('it is paused', async () => (await memo()).state === 'paused');
        await handle.signal('resume');
        expect(await handle.result()).toEqual(SEALED);
        expect(calls.seal).toHaveLength(2);
      },
    );
  });
});

describe('history', () => {
  it('continues as new with a bounded state, and loses nothing on the way', async () => {
    const chunk: Script['chunk'] = (input, left) => ({
      end: left > 1 ? 'budget' : 'exhausted',
      checkpoint: advance(input, Math.min(1, left), left <= 1),
    });
    await runJobWith(
      temporal,
      workflowBundle,
      { streams: { a: [150, 150], b: [60] }, lanes: 2, chunk },
      async ({ handle, calls, memo }) => {
        await handle.result();
        expect((await memo()).tallies.records).toBe(360);
        const seen = calls.copy.map(({ work }) => `${work.index}:${work.checkpoint?.tallies.records ?? 0}`);
        expect(new Set(seen).size).toBe(360);
        const last = await handle.describe();
        expect(last.runId).not.toBe(handle.firstExecutionRunId);
        expect(last.historyLength).toBeLessThan(2_200);
      },
    );
  });
});
