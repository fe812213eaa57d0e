// A chaos run: rounds of jobs over the API and over the database side by side, under faults that follow from a seed.
import { setTimeout as pause } from 'node:timers/promises';
import { cannotMount } from '../test/support/small-disk.js';
import { s3Missing } from '../test/support/s3.js';
import { createFaults } from './faults.js';
import { createRunJob, emptyTally, type Tally } from './jobs.js';
import { expectNoMore, holdingsOf, type Holding } from './leaks.js';
import type { Struck } from './repeats.js';
import { roundOfApi, roundOfDatabase, roundOfObjects, type Round, type Rounds } from './rounds.js';
import { FAULTS, isKill, schedule, type FaultKind } from './schedule.js';
import { openStage, type Extras, type Scale, type Stage } from './stage.js';
import { createWatch, type Recovery } from './watch.js';

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
  /** Plays two rounds more, without faults, and fails where the second leaves more open than the first. */
  readonly leaks?: boolean;
  readonly say: (line: string) => void;
}

export interface Outcome extends Tally {
  readonly faults: readonly FaultKind[];
  readonly recoveries: readonly Recovery[];
  /** Of each process at the end, before and after the last round; only where leaks were looked for. */
  readonly held?: readonly { readonly before: Holding; readonly after: Holding }[];
}

const ROUNDS: readonly Round[] = [roundOfApi, roundOfDatabase, roundOfObjects];
const SAY_EVERY_MS = 60_000;

/** Rejects where a job ends wrong, its result is not what the source holds, a fault does not strike or something is left. */
export async function runChaos(options: ChaosOptions): Promise<Outcome> {
  const extras = await extrasHere(options);
  const kinds = (options.kinds ?? FAULTS).filter((kind) => isPossible(kind, extras));
  const stage = await openStage(options, extras);
  const watch = createWatch(stage.longhaul);
  const tally = emptyTally();
  const struck: Struck[] = [];
  const saying = setInterval(() => options.say(progress(tally, struck)), SAY_EVERY_MS);
  try {
    const rounds = { stage, run: createRunJob(stage, watch, tally), tally, struck };
    const over = new AbortController();
    const striking = strikeAll({ ...options, kinds }, createFaults(stage, watch), struck, over.signal);
    const played = ROUNDS.map((round) => playOn(rounds, round, over.signal));
    const last = await Promise.all([striking.finally(() => over.abort()), ...played]).catch(
      (error: unknown) => {
        over.abort();
        options.say(`failed after: ${struck.map(({ kind }) => kind).join('; ')}`);
        throw error;
      },
    );
    const next = Math.max(...last.map((round) => round ?? 0));
    const held = options.leaks ? await heldOver(stage, rounds, next) : undefined;
    const faults = struck.map(({ kind }) => kind);
    return { ...tally, faults, recoveries: watch.recoveries(), ...(held && { held }) };
  } finally {
    clearInterval(saying);
    await watch.close();
    await stage.close();
  }
}

/** Says what there is not. */
async function extrasHere({ say }: ChaosOptions): Promise<Extras> {
  const [noDisk, noBucket] = [await cannotMount(), await s3Missing()];
  if (noDisk !== null) say(`without faults of a disk: ${noDisk}`);
  if (noBucket !== null) say(`without faults of a bucket: ${noBucket}`);
  return { disk: noDisk === null, bucket: noBucket === null };
}

function isPossible(kind: FaultKind, { disk, bucket }: Extras): boolean {
  return (disk || kind !== 'disk fills') && (bucket || !kind.startsWith('S3'));
}

function progress({ jobs, pages, repeated, records }: Tally, struck: readonly Struck[]): string {
  const ended = [...jobs.values()].reduce((sum, n) => sum + n, 0);
  const memory = (process.memoryUsage().rss / 1_000_000).toFixed(0);
  return `  ${struck.length} faults, ${ended} jobs, ${records} records, ${repeated} of ${pages} pages again, ${memory} MB here`;
}

/** At least one round, and a whole one each time. Answers how many there were. */
async function playOn(rounds: Rounds, play: Round, over: AbortSignal): Promise<number> {
  let round = 0;
  do await play(rounds, round++);
  while (!over.aborted);
  return round;
}

/** The first round warms processes up that were started a moment ago. */
async function heldOver({ longhaul }: Stage, rounds: Rounds, next: number): Promise<Outcome['held']> {
  const calm = (round: number) => Promise.all(ROUNDS.map((play) => play(rounds, round)));
  await calm(next);
  const before = await holdingsOf(longhaul);
  await calm(next + 1);
  const after = await holdingsOf(longhaul);
  expectNoMore(before, after);
  return [...before].map(([pid, holding]) => ({ before: holding, after: after.get(pid)! }));
}

/** Resolves when all have struck and are over. Kills come one by one; what lasts or waits for a request goes on beside others. */
async function strikeAll(
  { seed, ms, most = Infinity, pace = 1, kinds, say }: ChaosOptions & { kinds: readonly FaultKind[] },
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
    const fault: Struck = { kind: strike.kind, over: Infinity };
    struck.push(fault);
    striking.push(strikes(strike).finally(() => (fault.over = performance.now())));
    if (isKill(strike.kind)) await striking.at(-1);
  }
  await Promise.all(striking);
}

/** Waits for the one, and throws as soon as one of the others fails. */
async function unlessFailed(others: readonly Promise<void>[], one: Promise<void>): Promise<void> {
  await Promise.race([one, Promise.all(others).then(() => one)]);
}
