// Jobs outlive deploys: the histories of jobs that ran before must replay on the workflow code of today.
//
//   RECORD_HISTORIES=1 npx vitest run test/replay      records those that are missing; the others stay as they were left
//
// A failure here says that running jobs would break. Guard the change with `patched()`, or keep the order of commands.
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { prepareWorkflows } from '../support/workflow-job.js';
import { JOBS, type RecordedJob } from './jobs.js';
import { fileName, recordMissing } from './record.js';

const FOLDER = fileURLToPath(new URL('histories', import.meta.url));
const LARGEST = 100 * 1_024;

interface History {
  readonly events: readonly { readonly eventType: string }[];
}

let workflowBundle: WorkflowBundle;
let texts: ReadonlyMap<string, string>;

beforeAll(async () => {
  workflowBundle = await prepareWorkflows();
  if (process.env['RECORD_HISTORIES'] === '1') await recordMissing(FOLDER, workflowBundle);
  texts = await readHistories();
});

async function readHistories(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(FOLDER)).toSorted();
  const read = async (name: string) => [name, await readFile(`${FOLDER}/${name}`, 'utf8')] as const;
  return new Map(await Promise.all(names.map(read)));
}

const historyOf = (name: string): History => JSON.parse(texts.get(name) ?? '{"events":[]}') as History;

/** The names of the runs of a job. */
const runsOf = (job: string): string[] =>
  [...texts.keys()].filter((name) => name.startsWith(`${fileName(job)}.`));

describe.for(Object.entries<RecordedJob>(JOBS))('a job that is %s', ([job, { shows, calls = [] }]) => {
  test('replays on the workflow code of today', async () => {
    expect(runsOf(job).length).toBeGreaterThan(0);
    for (const name of runsOf(job)) await Worker.runReplayHistory({ workflowBundle }, historyOf(name));
  });

  test('has a small history that shows what it is kept for', () => {
    const kinds = runsOf(job).flatMap((name) => historyOf(name).events.map(({ eventType }) => eventType));
    for (const kind of shows) expect(kinds).toContain(`EVENT_TYPE_${kind}`);
    for (const activity of calls) expect(texts.get(runsOf(job)[0] ?? '')).toContain(`"name": "${activity}"`);
    for (const name of runsOf(job)) expect(texts.get(name)?.length).toBeLessThan(LARGEST);
  });
});

describe('replaying', () => {
  test('notices a history that today’s code would not have made', async () => {
    const changed = texts.get('plain.0.json')?.replaceAll('"name": "seal"', '"name": "settle"') ?? '';
    expect(changed).not.toBe(texts.get('plain.0.json'));
    const replay = Worker.runReplayHistory({ workflowBundle }, JSON.parse(changed));
    await expect(replay).rejects.toThrow(DeterminismViolationError);
  });

  test('notices workflow code that does something else first', async () => {
    const workflowsPath = fileURLToPath(new URL('broken-workflows.ts', import.meta.url));
    const broken = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
    const replay = Worker.runReplayHistory({ workflowBundle: broken }, historyOf('plain.0.json'));
    await expect(replay).rejects.toThrow(DeterminismViolationError);
  });

  test('knows of no history whose job is not told here', () => {
    const known = Object.keys(JOBS).flatMap(runsOf);
    expect([...texts.keys()]).toEqual(known.toSorted());
  });
});
