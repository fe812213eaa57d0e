// Six weeks under a daily quota and in nightly windows, while tokens expire, workers are lost and new ones are deployed.
//
// What is real: the workflow, its timers, the plan, the chunks, the archive, Temporal's retries and the replay of the whole
// history by each new worker. What stands for something else: the API and the store are in memory; a page of it counts for 25
// requests of a tenth of a second; a token is good for half a day's requests; a lost worker is an attempt whose doings end in
// the midst, without the 5 s until Temporal notices (test/e2e/kills.test.ts has those). There is one lane, since this server
// refuses to cancel an activity that has ended meanwhile, as a job with more does where it continues as new.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobInput, JobMemo } from '../../src/core/work.js';
import { opensAt } from '../../src/core/window.js';
import { recordsIn } from '../support/archive-reader.js';
import { historyOf } from '../support/job-history.js';
import { createMemoryStore, newSpace, writeOut } from '../support/memory-store.js';
import { createSeason, DAY_MS, HOUR_MS } from '../support/season.js';
import { workInShifts } from '../support/shifts.js';
import { startTimeSkipping } from '../support/time-skipping.js';
import { prepareWorkflows } from '../support/workflow-job.js';

const DAYS = 42;
const WEEK_MS = 7 * DAY_MS;
const REQUESTS_PER_DAY = 15_000;
const REQUESTS_PER_PAGE = 25;
const WINDOW = { from: '01:00', to: '05:00' };
const CHECKPOINT_PAGES = 20;
/** What each chunk takes beyond its share, and the tokens, leave the last day with room. */
const PAGES = (DAYS * REQUESTS_PER_DAY) / REQUESTS_PER_PAGE - 400;
const RECORDS = Array.from({ length: PAGES }, (_, i) => `{"id":${i}}`);
const SPENT_BY_A_LOSS = CHECKPOINT_PAGES + 2;

let env: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundle;
let folder: string;

beforeAll(async () => {
  // Each worker that leaves would tell of the task that it fails.
  workflowBundle = await prepareWorkflows(new DefaultLogger('ERROR', () => undefined));
  env = await startTimeSkipping();
  folder = await mkdtemp(path.join(tmpdir(), 'season-'));
});
afterAll(async () => {
  await env?.teardown();
  await rm(folder, { recursive: true, force: true });
});

function inputOf(id: string, start: number): JobInput {
  const spec = {
    kind: 'backup',
    source: { connection: 'crm' },
    sink: { connection: 'vault', archive: 'season' },
    options: { checkpoint: { pages: CHECKPOINT_PAGES, seconds: 600 }, compression: 'none' },
  } as const;
  return { job: { id, spec, createdAt: new Date(start).toISOString() } };
}

it('ends when quota and windows say, with nothing lost, nothing doubled and little repeated', async () => {
  const start = await env.currentTimeMs();
  const space = newSpace();
  const season = createSeason(
    {
      records: RECORDS,
      requestsPerPage: REQUESTS_PER_PAGE,
      msPerRequest: 100,
      limits: { requestsPerDay: REQUESTS_PER_DAY, concurrency: 1, window: WINDOW },
      store: createMemoryStore(space),
      requestsPerToken: REQUESTS_PER_DAY / 2,
      lossEveryMs: 6 * HOUR_MS,
    },
    start,
  );
  const taskQueue = 'season';
  const args = [inputOf('season', start)];
  const handle = await env.client.workflow.start('backup', { workflowId: 'season', taskQueue, args });
  const isOver = (shift: number): boolean => season.now() >= start + (shift + 1) * WEEK_MS;
  const { activities } = season;
  const deploys = await workInShifts(env, { taskQueue, workflowBundle, activities, isOver }, handle.result());
  await handle.result();

  const { closeTime, memo } = await handle.describe();
  const { tallies } = memo!['job'] as JobMemo;
  const took = Number(closeTime) - start;
  const expected = (opensAt(WINDOW, start) ?? start) - start + (DAYS - 1) * DAY_MS;
  const given = [...season.given().values()];
  const repeated = given.reduce((sum, times) => sum + times - 1, 0);
  const history = await historyOf(env.connection, 'default', 'season');
  const { losses, renewals } = { losses: season.counts.losses(), renewals: season.counts.renewals() };
  console.info(
    JSON.stringify({
      days: took / DAY_MS,
      requests: tallies.requests,
      losses,
      renewals,
      deploys,
      repeated,
      runs: history.runs.map((run) => run.length),
      activities: history.activities,
      largest: history.largest,
      mostADay: Math.max(...season.requests.values()),
    }),
  );

  expect(Math.abs(took / expected - 1)).toBeLessThan(0.02);
  expect(deploys).toBe(5);
  expect(losses).toBeGreaterThanOrEqual(4 * (DAYS - 2));
  expect(renewals).toBeGreaterThanOrEqual(2 * (DAYS - 2));
  expect(repeated).toBeLessThanOrEqual(losses * SPENT_BY_A_LOSS);
  const uncounted = 4 * SPENT_BY_A_LOSS * REQUESTS_PER_PAGE;
  expect(Math.max(...season.requests.values())).toBeLessThan(REQUESTS_PER_DAY + uncounted + 500);
  expect(history.runs.length).toBeGreaterThan(1);
  for (const events of history.runs) expect(events.length).toBeLessThan(2_000);
  expect(history.largest).toBeLessThan(65_536);
  await writeOut(space, folder);
  expect(await recordsIn(path.join(folder, 'season'), 'items')).toEqual(RECORDS);
}, 180_000);
