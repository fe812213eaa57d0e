// Kills the worker while it runs a chunk, and measures how the job comes back.
import { setTimeout as sleep } from 'node:timers/promises';
import { readDevFile } from '../../src/cli/address.js';
import type { Client } from '../../src/cli/client.js';
import { ENDED } from '../../src/core/job.js';
import type { TemporalView } from './temporal.js';

export interface KillScene {
  readonly client: Client;
  readonly temporal: TemporalView;
  readonly dataDir: string;
  readonly jobId: string;
  readonly totalRecords: number;
  readonly signal: AbortSignal;
}

export interface Killed {
  readonly pid: number;
  /** Durable when the worker was gone. */
  readonly records: number;
  /** How many chunks it was running. */
  readonly chunks: number;
  readonly at: number;
}

export interface Recovery {
  readonly newPid: number;
  /** From the kill to a new worker process. */
  readonly restartSeconds: number;
  /** From the kill to the first record more than before it. */
  readonly progressSeconds: number;
}

/** The part of the job, of all records, in which the kill has to fall. */
const FROM = 0.3;
const TO = 0.7;
const POLL_MS = 100;

/** Waits for the middle of the job, and for a chunk that runs on the worker, and kills that worker. */
export async function killRunningWorker(scene: KillScene): Promise<Killed> {
  for (;;) {
    const { state, progress } = await scene.client.show(scene.jobId);
    if (ENDED.includes(state) || progress.records > TO * scene.totalRecords)
      throw new Error(`the job went past ${TO * 100} % (${state}) before a running chunk could be hit`);
    if (state === 'running' && progress.records >= FROM * scene.totalRecords) {
      const killed = await killIfBusy(scene);
      if (killed) return killed;
    }
    await sleep(POLL_MS, undefined, { signal: scene.signal });
  }
}

async function killIfBusy(scene: KillScene): Promise<Killed | null> {
  const pid = await workerPid(scene);
  const busy = await scene.temporal.runningChunks(scene.jobId);
  const chunks = busy.filter((identity) => identity.startsWith(`${pid}@`)).length;
  if (chunks === 0) return null;
  process.kill(pid, 'SIGKILL');
  const at = performance.now();
  const { progress } = await scene.client.show(scene.jobId);
  return { pid, chunks, at, records: progress.records };
}

/** Resolves once the job has more durable records than at the kill. */
export async function watchRecovery(scene: KillScene, killed: Killed): Promise<Recovery> {
  const newPid = await until(scene, async () => {
    const pid = await workerPid(scene).catch(() => killed.pid);
    return pid === killed.pid ? null : pid;
  });
  const restartSeconds = secondsSince(killed.at);
  await until(scene, async () => {
    const { state, progress } = await scene.client.show(scene.jobId);
    return progress.records > killed.records || ENDED.includes(state) ? true : null;
  });
  return { newPid, restartSeconds, progressSeconds: secondsSince(killed.at) };
}

async function workerPid({ dataDir }: KillScene): Promise<number> {
  const pid = (await readDevFile(dataDir))?.pids.workers[0];
  if (pid === undefined) throw new Error(`no worker is named in dev.json of ${dataDir}`);
  return pid;
}

const PATIENCE_MS = 60_000;

async function until<T>({ signal }: KillScene, probe: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await probe();
    if (found !== null) return found;
    if (performance.now() > deadline)
      throw new Error('the job did not come back within a minute of the kill');
    await sleep(POLL_MS, undefined, { signal });
  }
}

function secondsSince(at: number): number {
  return (performance.now() - at) / 1_000;
}
