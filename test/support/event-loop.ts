// How long the event loop of a worker was held up, as it says itself when it ends.
import type { Started } from './processes.js';
import { until } from './until.js';

/** ms, each the longest of all minutes that the worker ran. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
}

/** Of a worker that was ended by a signal. */
export async function loopDelay(worker: Started): Promise<LoopDelay> {
  const said = await until('the worker says how long its event loop took', () => {
    const lines = worker.stderr().split('\n');
    const found = lines.filter((line) => line.includes('eventLoopDelayMs'));
    return found.length > 0 && found;
  });
  const minutes = said.map((line) => (JSON.parse(line) as { eventLoopDelayMs: LoopDelay }).eventLoopDelayMs);
  return {
    p99: Math.max(...minutes.map(({ p99 }) => p99)),
    max: Math.max(...minutes.map(({ max }) => max)),
  };
}
