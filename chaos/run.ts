// A chaos run: rounds of jobs over the API and over the database side by side, under faults that follow from a seed.
import { setTimeout as pause } from 'node:timers/promises';
import { createFaults } from './faults.js';
import { createRunJob, emptyTally, type Tally } from './jobs.js';
import type { Struck } from './repeats.js';
import { roundOfApi, roundOfDatabase, type Rounds } from './rounds.js';
import { FAULTS, isKill, schedule, type FaultKind } from './schedule.js';
import { openStage, type Scale } from './stage.js';
import { createWatch } from './watch.js';

export interface ChaosOptions extends Scale {
  readonly seed: number;
  /** Faults are begun for so long, … */
  readonly ms: number;
  /** … and no more than this. */
  readonly most?: number;
  /** Times that lie between faults are multiplied by this. Default 1. */
  readonly pace?: number;
  /** Default: all. */
  readonly kinds?: readonly FaultKind[];
  readonly say: (line: string) => void;
}

export interface Outcome extends Tally {
  readonly faults: readonly FaultKind[];
  /** ms, of each fault that struck while a job ran. */
  readonly recoveries: readonly number[];
}

/** Rejects where a job ends wrong, its result is not what the source holds, a fault does not strike or a process is left. */
export async function runChaos(options: ChaosOptions): Promise<Outcome> {
  const stage = await openStage(options);
  const watch = createWatch(stage.longhaul);
  const tally = emptyTally();
  const struck: Struck[] = [];
  try {
    const run = createRunJob(stage.longhaul, watch, tally);
    const over = new AbortController();
    const rounds = { stage, run, tally, struck };
    const players = [
      strikeAll(options, createFaults(stage, watch), struck, over.signal).finally(() => over.abort()),
      playOn(rounds, roundOfApi, over.signal),
      playOn(rounds, roundOfDatabase, over.signal),
    ];
    await Promise.all(players).catch(async (error: unknown) => {
      over.abort();
      options.say(`failed after: ${struck.map(({ kind }) => kind).join('; ')}`);
      throw error;
    });
    return { ...tally, faults: struck.map(({ kind }) => kind), recoveries: watch.recoveries() };
  } finally {
    await watch.close();
    await stage.close();
  }
}

/** At least one round, and a whole one each time. */
async function playOn(
  rounds: Rounds,
  play: (rounds: Rounds, round: number) => Promise<void>,
  over: AbortSignal,
): Promise<void> {
  for (let round = 0; round === 0 || !over.aborted; round += 1) await play(rounds, round);
}

/** Resolves when all have struck and are over. Kills come one by one; what lasts or waits for a request goes on beside others. */
async function strikeAll(
  { seed, ms, most = Infinity, pace = 1, kinds = FAULTS, say }: ChaosOptions,
  strikes: ReturnType<typeof createFaults>,
  struck: Struck[],
  over: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const striking: Promise<void>[] = [];
  for (const strike of schedule(seed, kinds)) {
    await unlessFailed(striking, pause(strike.afterMs * pace));
    if (over.aborted || performance.now() - began > ms || struck.length === most) break;
    const at = performance.now();
    say(`${((at - began) / 1_000).toFixed(1)} s: ${strike.kind}`);
    struck.push({ kind: strike.kind, at });
    striking.push(strikes(strike));
    if (isKill(strike.kind)) await striking.at(-1);
  }
  await Promise.all(striking);
}

/** Waits for the one, and throws as soon as one of the others fails. */
async function unlessFailed(others: readonly Promise<void>[], one: Promise<void>): Promise<void> {
  await Promise.race([one, Promise.all(others).then(() => one)]);
}
