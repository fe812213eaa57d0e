// How long the event loop of a worker kept others waiting: heartbeats among them, which a lane's life hangs on.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Logger } from 'pino';

const EVERY_MS = 60_000;
const NS_PER_MS = 1e6;
/** Far below the heartbeat timeout, and far above what any step should take. */
const LONG_MS = 1_000;

/** Logs the delay of the last minute, in ms, and what memory the process takes; for the last time when it is stopped. */
export function watchLoop(log: Logger): { stop(): void } {
  const loop = monitorEventLoopDelay();
  const say = (): void => {
    const [p50, p99, max] = [loop.percentile(50), loop.percentile(99), loop.max].map(
      (ns) => Math.round(ns / NS_PER_MS) || 0,
    );
    const figures = { eventLoopDelayMs: { p50, p99, max }, rss: process.memoryUsage.rss() };
    log[max! > LONG_MS ? 'warn' : 'info'](figures, 'event loop');
    loop.reset();
  };
  loop.enable();
  const saying = setInterval(say, EVERY_MS).unref();
  return {
    stop() {
      clearInterval(saying);
      say();
      loop.disable();
    },
  };
}
