// What is done to the processes of a Longhaul, to what they stand on, and to what lies between them.
import { setTimeout as pause } from 'node:timers/promises';
import { descendants, kill } from '../test/support/processes.js';
import { until } from '../test/support/until.js';
import type { ProcessFault, Strike } from './schedule.js';
import type { Stage } from './stage.js';
import { choose, strikes, type Strikes } from './strikes.js';
import type { Watch } from './watch.js';

const MOST_LANES = 4;
/** Far beyond every pause and timeout, and within what S3 servers put up with. */
const FARTHEST_JUMP_MS = 300_000;

export function processFaults(
  { longhaul, postgres, network, clocks }: Stage,
  watch: Watch,
): Record<ProcessFault, Strikes> {
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
  const killed = async ({ kind }: Strike, pid: number, signal?: NodeJS.Signals): Promise<void> => {
    watch.struck(kind, { restarts: true });
    await kill(pid, signal);
  };

  return {
    'worker SIGKILL': async (strike) => killed(strike, await worker(strike)),
    'all workers SIGKILL': async (strike) => {
      await worker(strike);
      await Promise.all((await awake()).map((pid) => killed(strike, pid)));
    },
    'worker SIGTERM': async (strike) => killed(strike, await worker(strike), 'SIGTERM'),
    'worker SIGSTOP, SIGCONT': async (strike) => {
      const pid = await worker(strike);
      asleep.add(pid);
      watch.struck(strike.kind, { restarts: true });
      process.kill(pid, 'SIGSTOP');
      await pause(strike.lastsMs);
      process.kill(pid, 'SIGCONT');
      asleep.delete(pid);
    },
    'Temporal SIGKILL': async (strike) => killed(strike, await child(/server start-dev/)),
    'API SIGKILL': async (strike) => killed(strike, await child(/longhaul\S* api /)),
    'PostgreSQL SIGKILL': async ({ kind, lastsMs }) => {
      await postgres.kill();
      await pause(lastsMs);
      await postgres.start();
      watch.struck(kind, { restarts: true });
    },
    'pause, resume': async (strike) => {
      const id = await someJob(strike, (running) => ask('POST', `${running}/pause`));
      await pause(strike.lastsMs);
      // A job that ended all the same needs no resuming.
      await until(`${id} is resumed`, async () => [202, 409].includes(await ask('POST', `${id}/resume`)));
      watch.struck(strike.kind, { restarts: true });
    },
    'lanes changed': async (strike) => {
      const lanes = 1 + Math.floor(strike.victim * MOST_LANES);
      await someJob(strike, (id) => ask('PATCH', id, { lanes }));
      watch.struck(strike.kind, { restarts: true });
    },
    'network cut shortly': cut,
    'network cut for long': cut,
    'clock jumps': async (strike) => {
      const pid = await until('a clock jumps', async () => {
        const chosen = await worker(strike);
        return (await clocks.shift(chosen, jumpOf(strike))) && chosen;
      });
      watch.struck(strike.kind, { restarts: false });
      await pause(strike.lastsMs);
      await clocks.right(pid);
    },
  };

  /** One at a time. It counts when something wanted to get through. */
  async function cut({ kind, lastsMs }: Strike): Promise<void> {
    await until('the network is whole', () => !network.isCut(), { timeoutMs: 30_000 });
    const before = network.held();
    network.cut();
    await pause(lastsMs);
    await strikes(kind, () => network.held() > before).finally(() => network.heal());
    watch.struck(kind, { restarts: true });
  }

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

/** Back or ahead, by whole seconds, a minute at least. */
function jumpOf({ victim }: Strike): number {
  const part = 2 * victim - 1;
  return (
    Math.sign(part || 1) * Math.round(60 + (Math.abs(part) * (FARTHEST_JUMP_MS - 60_000)) / 1_000) * 1_000
  );
}
