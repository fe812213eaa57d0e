// How long the event loop of this process was held up: what every process of Longhaul tells of itself.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

const NS_PER_SECOND = 1e9;

/** Since the last scrape: 0.5, 0.99, and 1, the longest. */
export function addEventLoopDelay(registry: Registry): void {
  const loop = monitorEventLoopDelay();
  loop.enable();
  const delay = new Gauge({
    name: 'longhaul_event_loop_delay_seconds',
    help: 'Of this process since the last scrape.',
    labelNames: ['quantile'],
    registers: [],
    collect() {
      this.set({ quantile: '0.5' }, loop.percentile(50) / NS_PER_SECOND);
      this.set({ quantile: '0.99' }, loop.percentile(99) / NS_PER_SECOND);
      this.set({ quantile: '1' }, loop.max / NS_PER_SECOND);
      loop.reset();
    },
  });
  registry.registerMetric(delay);
}
