// What Prometheus scrapes of a worker: its event loop, its slots, and the work that it has done since it was started.
import type { Worker } from '@temporalio/worker';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Work } from '../activities/tally.js';
import { addEventLoopDelay } from '../metrics/event-loop.js';

export interface WorkerMetrics {
  /** To be told of all work of all chunks. */
  readonly observe: (work: Work) => void;
  readonly contentType: string;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /** From now on the slots of this worker are told. */
  watch(worker: Pick<Worker, 'getStatus'>, slots: number): void;
}

/** Counted when it happens, whether it becomes durable or is done again. */
const COUNTED: Readonly<Record<keyof Work, string>> = {
  records: 'Records that were read and handed to a sink.',
  bytes: 'Of those records, before compression.',
  pages: 'Pages that were read.',
  requests: 'Requests that were sent to sources, and to APIs that are restored into.',
  retries: 'Requests that failed and were made again.',
  rejects: 'Records that were set aside.',
  checkpoints: 'Checkpoints: of a backup, the segments that were made durable.',
};

export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counters = Object.entries(COUNTED).map(([name, help]) => {
    const counter = new Counter({ name: `longhaul_worker_${name}_total`, help, registers });
    return [name as keyof Work, counter] as const;
  });
  addEventLoopDelay(registry);

  return {
    observe(work) {
      for (const [name, counter] of counters) counter.inc(work[name] ?? 0);
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
    watch(worker, slots) {
      const help = 'Activities that run now, and that may run at once.';
      const gauge = new Gauge({
        name: 'longhaul_worker_slots',
        help,
        labelNames: ['slots'],
        registers: [],
        collect() {
          this.set({ slots: 'used' }, worker.getStatus().numInFlightActivities);
          this.set({ slots: 'all' }, slots);
        },
      });
      registry.registerMetric(gauge);
    },
  };
}
