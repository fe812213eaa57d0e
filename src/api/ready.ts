// Whether jobs can be started and listed: Temporal answers, and its namespace knows the search attributes of jobs.
import type { Client } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../core/names.js';

/** One query that needs all of it. Throws what is missing. */
export async function assertReady(client: Client): Promise<void> {
  const all = Object.values(SEARCH_ATTRIBUTES).map((name) => `${name} = 'none'`);
  await client.workflow.count(all.join(' AND '));
}
