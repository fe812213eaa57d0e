// What Prometheus scrapes: requests and event loop of this process, and, asked for at each scrape, queue and jobs.
import type { Client } from '@temporalio/client';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { Gauge, Histogram, Registry } from 'prom-client';
import { JOB_STATES } from '../core/job.js';
import { addEventLoopDelay } from '../metrics/event-loop.js';
import { KINDS } from './contracts.js';
import { countJobs } from './listing.js';
import { named } from './problems.js';
import { readQueue } from './queue.js';
import type { Soon } from './soon.js';

export interface Metrics {
  /** Counts and times every request. */
  readonly observe: MiddlewareHandler;
  readonly contentType: string;
  /** In Prometheus' text format. While Temporal does not answer, without queue and jobs. */
  text(): Promise<string>;
}

const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export function createMetrics(client: Client, soon: Soon): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `longhaul_${name}`, help, labelNames, registers });
  const requests = new Histogram({
    name: 'longhaul_http_request_duration_seconds',
    help: 'Until the answer begins.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATIONS,
    registers,
  });
  addEventLoopDelay(registry);
  const up = gauge('temporal_up', '1 while Temporal answers.');
  const tasks = gauge('queue_tasks', 'Tasks that no worker has taken yet.', 'queue');
  const age = gauge('queue_age_seconds', 'Age of the oldest task that no worker has taken yet.', 'queue');
  const workers = gauge('workers', 'Workers that polled within the last five minutes.');
  const jobs = gauge('jobs', 'Runs of jobs that Temporal remembers.', 'kind', 'state');

  async function readTemporal(): Promise<void> {
    const each = KINDS.flatMap((kind) => JOB_STATES.map((state) => ({ kind, state })));
    const [queue, counts] = await Promise.all([
      readQueue(client),
      Promise.all(each.map((filter) => countJobs(client, filter))),
    ]);
    for (const name of ['workflows', 'chunks'] as const) {
      tasks.set({ queue: name }, queue[name].tasks);
      age.set({ queue: name }, queue[name].ageSeconds);
    }
    workers.set(queue.workers.length);
    for (const [i, labels] of each.entries()) jobs.set(labels, counts[i] ?? 0);
  }

  /** Figures of before must not pass for those of now. */
  function forgetTemporal(error: unknown): void {
    if (!named(error)) throw error;
    for (const stale of [tasks, age, jobs]) stale.reset();
    workers.remove();
    up.set(0);
  }

  return {
    contentType: registry.contentType,
    async observe(c, next) {
      const stop = requests.startTimer();
      await next();
      stop({ method: c.req.method, route: routePath(c, -1), status: c.res.status });
    },
    async text() {
      await soon(readTemporal).then(() => up.set(1), forgetTemporal);
      return registry.metrics();
    },
  };
}
