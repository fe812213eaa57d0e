// Runs the jobs on a real server and keeps the histories they leave: one file for each run of each job.
import { readdir, writeFile } from 'node:fs/promises';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { NativeConnection, type WorkflowBundle } from '@temporalio/worker';
import { loadDeclaration } from '../../src/dev/declaration.js';
import { freePort } from '../../src/dev/ports.js';
import { findTemporalCli } from '../../src/dev/temporal-cli/find.js';
import { startTemporal } from '../../src/dev/temporal-server.js';
import { inputOf, runJobWith, type Server } from '../support/workflow-job.js';
import { EVENTS_PER_RUN, JOBS, type RecordedJob } from './jobs.js';

export const fileName = (job: string): string => job.replaceAll(' ', '-');

/** Writes `<job>.<run>.json` into the folder for every job that has none there. */
export async function recordMissing(folder: string, workflowBundle: WorkflowBundle): Promise<void> {
  const there = await readdir(folder);
  const missing = Object.entries<RecordedJob>(JOBS).filter(
    ([name]) => !there.includes(`${fileName(name)}.0.json`),
  );
  await onServer(async (server) => {
    for (const [name, job] of missing) {
      const runs = await record(server, workflowBundle, name, job);
      for (const [run, history] of runs.entries()) {
        await writeFile(`${folder}/${fileName(name)}.${run}.json`, history);
      }
    }
  });
}

/** Of its own: it suggests to continue as new much sooner than the one that other tests share. */
async function onServer(use: (server: Server) => Promise<void>): Promise<void> {
  const declared = await loadDeclaration();
  const suggest = { 'limit.historyCount.suggestContinueAsNew': EVENTS_PER_RUN };
  const declaration = { ...declared, dynamicConfig: { ...declared.dynamicConfig, ...suggest } };
  const port = await freePort(declared.host);
  const { env } = process;
  const cli = await findTemporalCli({ version: declared.cliVersion, env, say: () => {} });
  const options = { cli, declaration, port, uiPort: null, database: null, env, output: () => {} };
  const child = await startTemporal(options);
  const address = `${declared.host}:${port}`;
  const connection = await Connection.connect({ address });
  const nativeConnection = await NativeConnection.connect({ address });
  const { namespace } = declared;
  try {
    await use({ client: new Client({ connection, namespace }), nativeConnection, namespace });
  } finally {
    await connection.close();
    await nativeConnection.close();
    await child.stop(5_000);
  }
}

async function record(
  server: Server,
  bundle: WorkflowBundle,
  name: string,
  { script, input = inputOf, drive }: RecordedJob,
): Promise<string[]> {
  const { id, first } = await runJobWith(
    server,
    bundle,
    script,
    async (job) => {
      await drive(job);
      return { id: job.handle.workflowId, first: job.handle.firstExecutionRunId };
    },
    input(`replay-${fileName(name)}`),
  );
  const runs: string[] = [];
  for (let runId: string | undefined = first; runId !== undefined;) {
    const history = await server.client.workflow.getHandle(id, runId, { followRuns: false }).fetchHistory();
    runs.push(withoutTraces(historyToJSON(history)));
    runId = nextRun(runs.at(-1)!);
  }
  return runs;
}

function nextRun(history: string): string | undefined {
  return /"newExecutionRunId": ?"([^"]+)"/.exec(history)?.[1];
}

/** Says nothing of the machine that recorded it. */
function withoutTraces(history: string): string {
  const clean = (key: string, value: unknown): unknown => {
    if (key === 'stackTrace') return '';
    return typeof value === 'string' ? value.replace(/^\d+@.+/, 'test') : value;
  };
  return `${JSON.stringify(JSON.parse(history, clean), null, 1)}\n`;
}
