// How soon the API shows a job while five hundred dashboards watch jobs that move.
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { millis, quantile, type Table } from '../support/tables.js';
import { until } from '../../test/support/until.js';

const WATCHERS = 500;
const CALLS = 500;
const LIMIT_MS = 100;
const PAGES_PER_SECOND = 2;

export async function watchers({ rounds }: Scale): Promise<Table[]> {
  // Slow pages without end: the jobs run for as long as they are watched.
  return onStage({ rows: 100_000_000 }, async (stage) => {
    const rows: string[][] = [];
    for (const jobs of [1, 20]) rows.push(...(await watched(stage, jobs, rounds)));
    return [
      {
        title: `GET /v1/jobs/:id beside ${WATCHERS} streams of events`,
        columns: ['jobs', 'streams', 'median', 'p99', 'events/s'],
        rows,
        notes: [`The limit is a p99 of ${LIMIT_MS} ms.`],
      },
    ];
  });
}

async function watched({ longhaul }: Stage, jobs: number, rounds: number): Promise<string[][]> {
  const ids: string[] = [];
  for (let n = 0; n < jobs; n++) ids.push(await moving(longhaul));
  const before = await timesOf(longhaul.api, ids, rounds);

  const agent = new Agent({ maxSockets: Infinity });
  let events = 0;
  for (let n = 0; n < WATCHERS; n++) {
    const stream = await open(`${longhaul.api}/v1/jobs/${ids[n % jobs]}/events`, agent);
    stream
      .on('data', (data: Buffer) => data.includes('event: ') && (events += 1))
      .on('error', () => undefined);
  }
  await until('all streams bring news', () => events > 2 * WATCHERS);
  const [from, began] = [events, performance.now()];
  const beside = await timesOf(longhaul.api, ids, rounds);
  const rate = Math.round((events - from) / ((performance.now() - began) / 1_000));
  agent.destroy();
  for (const id of ids) await longhaul.steer(id, 'cancel');
  return [row(jobs, 0, before, 0), row(jobs, WATCHERS, beside, rate)];
}

/** A job whose figures move, and which leaves the machine to the API. */
async function moving({ post, call, show }: Stage['longhaul']): Promise<string> {
  const { id } = await post(backupOf('cursor', ['slow'], { lanes: 1, checkpoint: { pages: 1 } }));
  await call('PATCH', `/v1/jobs/${id}`, { requestsPerSecond: PAGES_PER_SECOND });
  await until('it moves', async () => (await show(id)).progress.records > 0);
  return id;
}

async function open(url: string, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(request(url, { agent }).end(), 'response')) as [IncomingMessage];
  return response;
}

async function timesOf(api: string, ids: readonly string[], rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < rounds * CALLS; call++) {
    const began = performance.now();
    await (await fetch(`${api}/v1/jobs/${ids[call % ids.length]}`)).text();
    times.push(performance.now() - began);
  }
  return times;
}

function row(jobs: number, streams: number, times: readonly number[], rate: number): string[] {
  const [median, p99] = [0.5, 0.99].map((share) => millis(quantile(times, share)));
  return [String(jobs), String(streams), median!, p99!, String(rate)];
}
