// The test fixture itself: a test gets a namespace on the run's real Temporal server.
import { afterEach, expect, it } from 'vitest';
import { openTemporal } from '../support/temporal.js';
import type { TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal | undefined;
afterEach(() => temporal?.close());

it('gives a namespace in which jobs are found by their search attributes', async () => {
  temporal = await openTemporal();
  const { client } = temporal;
  await client.workflow.start('backup', {
    workflowId: 'a',
    taskQueue: 'none',
    searchAttributes: { JobTenant: ['acme'] },
  });
  await expect
    .poll(() => client.workflow.count("JobTenant = 'acme'"), { timeout: 10_000 })
    .toMatchObject({ count: 1 });
});
