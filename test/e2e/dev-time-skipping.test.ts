// The test fixture itself: Temporal's time-skipping test server.
import { afterEach, expect, it } from 'vitest';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTimeSkipping } from '../support/time-skipping.js';

let environment: TestWorkflowEnvironment | undefined;
afterEach(() => environment?.teardown());

it('skips a month in less than five seconds', async () => {
  environment = await startTimeSkipping();
  const before = await environment.currentTimeMs();
  const begin = performance.now();
  await environment.sleep('30 days');
  expect(performance.now() - begin).toBeLessThan(5_000);
  expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(30 * 86_400_000);
});

it('takes the search attributes of jobs', async () => {
  environment = await startTimeSkipping();
  const handle = await environment.client.workflow.start('backup', {
    workflowId: 'a',
    taskQueue: 'none',
    searchAttributes: { JobTenant: ['acme'] },
  });
  expect((await handle.describe()).searchAttributes).toMatchObject({ JobTenant: ['acme'] });
});
