// How each kind of fault is done to the stage. Each resolves when it has struck and is over; one that cannot strike throws.
import { setTimeout as pause } from 'node:timers/promises';
import { descendants, kill } from '../test/support/processes.js';
import type { Fault } from '../test/support/fake-faults.js';
import type { TargetFault as ScriptedFault } from '../test/support/fake-target.js';
import { until } from '../test/support/until.js';
import type { FaultKind, ProcessFault, SourceFault, Strike, TargetFault } from './schedule.js';
import type { Stage } from './stage.js';
import type { Watch } from './watch.js';

type Strikes = (strike: Strike) => Promise<void>;

/** Long enough for the next job that asks the API, whatever it is that runs now. */
const STRIKES_WITHIN_MS = 300_000;

const MOST_LANES = 4;

const OF_SOURCE: Readonly<Record<SourceFault, (fault: Fault) => Fault>> = {
  'source: reset': (f) => f.reset(),
  'source: silent': (f) => f.hang(),
  'source: silent within': (f) => f.hang('inside'),
  'source: slow': (f) => f.slow(1_000),
  'source: cut off': (f) => f.truncate(),
  'source: cut off, chunked': (f) => f.truncate('chunked'),
  'source: 429': (f) => f.throttle(1),
  'source: 500': (f) => f.status(500).times(2),
  'source: 503': (f) => f.status(503),
  'source: HTML': (f) => f.html(),
  'source: invalid JSON': (f) => f.invalidJson(),
  'source: no records': (f) => f.missingRecords(),
  'source: token expired': (f) => f.expireToken(),
};

const OF_TARGET: Readonly<Record<TargetFault, (fault: ScriptedFault) => ScriptedFault>> = {
  'target: answer lost': (f) => f.lose(),
  'target: reset': (f) => f.reset(),
  'target: 503': (f) => f.status(503, { 'retry-after': '1' }),
};

export function createFaults(stage: Stage, watch: Watch): Strikes {
  const ofProcess = processFaults(stage, watch);
  return async (strike) => {
    const { kind } = strike;
    if (kind in OF_SOURCE) await struckSource(stage, watch, strike);
    else if (kind in OF_TARGET) await struckTarget(stage, watch, kind as TargetFault);
    else await ofProcess[kind as ProcessFault](strike);
  };
}

async function struckSource({ crm, records }: Stage, watch: Watch, strike: Strike): Promise<void> {
  const stream = choose(Object.keys(records), strike)!;
  const fault = OF_SOURCE[strike.kind as SourceFault](crm.addFault(stream));
  await strikes(strike.kind, () => fault.unfinished() === null);
  watch.struck({ restarts: false });
}

async function struckTarget({ target }: Stage, watch: Watch, kind: TargetFault): Promise<void> {
  const fault = OF_TARGET[kind](target.addFault());
  await strikes(kind, () => fault.isSpent());
  watch.struck({ restarts: false });
}

async function strikes(kind: FaultKind, hasStruck: () => boolean): Promise<void> {
  await until(`the fault strikes: ${kind}`, hasStruck, { timeoutMs: STRIKES_WITHIN_MS });
}

function processFaults({ longhaul, postgres }: Stage, watch: Watch): Record<ProcessFault, Strikes> {
  const asleep = new Set<number>();
  const awake = async (): Promise<number[]> =>
    (await longhaul.workerPids()).filter((pid) => !asleep.has(pid));
  /** One that was struck a moment ago may still be on its way back. */
  const worker = (strike: Strike): Promise<number> =>
    until('a worker runs', async () => choose(await awake(), strike));
  const child = (pattern: RegExp): Promise<number> =>
    until(`${pattern} runs`, async () => {
      const rows = await descendants(longhaul.launcher.pid);
      return rows.find(({ command }) => pattern.test(command))?.pid;
    });
  const killed = async (pid: number, signal?: NodeJS.Signals): Promise<void> => {
    watch.struck({ restarts: true });
    await kill(pid, signal);
  };

  return {
    'worker SIGKILL': async (strike) => killed(await worker(strike)),
    'all workers SIGKILL': async (strike) => {
      await worker(strike);
      await Promise.all((await awake()).map((pid) => killed(pid)));
    },
    'worker SIGTERM': async (strike) => killed(await worker(strike), 'SIGTERM'),
    'worker SIGSTOP, SIGCONT': async (strike) => {
      const pid = await worker(strike);
      asleep.add(pid);
      watch.struck({ restarts: true });
      process.kill(pid, 'SIGSTOP');
      await pause(strike.lastsMs);
      process.kill(pid, 'SIGCONT');
      asleep.delete(pid);
    },
    'Temporal SIGKILL': async () => killed(await child(/server start-dev/)),
    'API SIGKILL': async () => killed(await child(/longhaul\S* api /)),
    'PostgreSQL SIGKILL': async ({ lastsMs }) => {
      await postgres.kill();
      await pause(lastsMs);
      await postgres.start();
      watch.struck({ restarts: true });
    },
    'pause, resume': async (strike) => {
      const id = await someJob(strike, (running) => ask('POST', `${running}/pause`));
      await pause(strike.lastsMs);
      // A job that ended all the same needs no resuming.
      await until(`${id} is resumed`, async () => [202, 409].includes(await ask('POST', `${id}/resume`)));
      watch.struck({ restarts: true });
    },
    'lanes changed': async (strike) => {
      const lanes = 1 + Math.floor(strike.victim * MOST_LANES);
      await someJob(strike, (id) => ask('PATCH', id, { lanes }));
      watch.struck({ restarts: true });
    },
  };

  /** Jobs end while something is asked of them: then it is asked of another one. Answers the job that took it. */
  function someJob(strike: Strike, asks: (id: string) => Promise<number>): Promise<string> {
    return until(`a job takes it: ${strike.kind}`, async () => {
      const job = choose(watch.running(), strike);
      return job && (await asks(job.id)) < 300 && job.id;
    });
  }

  /** The status; 503 where nobody answers. */
  async function ask(method: 'POST' | 'PATCH', place: string, body?: object): Promise<number> {
    const answer = await longhaul.call(method, `/v1/jobs/${place}`, body).catch(() => ({ status: 503 }));
    return answer.status;
  }
}

function choose<T>(victims: readonly T[], { victim }: Strike): T | undefined {
  return victims[Math.floor(victim * victims.length)];
}
