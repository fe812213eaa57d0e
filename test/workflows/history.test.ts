// What a long job leaves in Temporal: on the real server, which alone counts events as production does.
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { advance, type Script } from '../support/scripted-activities.js';
import { openTemporal, type TestTemporal } from '../support/temporal.js';
import { prepareWorkflows, runJobWith } from '../support/workflow-job.js';

let temporal: TestTemporal;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  workflowBundle = await prepareWorkflows();
  temporal = await openTemporal();
});
afterAll(() => temporal?.close());

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
