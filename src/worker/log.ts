// Structured logs on stderr, one line an event; Temporal's own runtime logs go the same way.
import pino, { type Logger } from 'pino';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  type LogLevel,
  type LogMetadata,
} from '@temporalio/worker';

export function createLog(): Logger {
  return pino({ base: { process: 'worker', pid: process.pid } }, pino.destination({ dest: 2, sync: false }));
}

const LEVELS: Readonly<Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/**
 * Once a process, before the first Temporal object is made. The worker stops by our own signal handling.
 * `temporalMetrics`: host:port where the SDK answers with metrics of its own; null: nowhere.
 */
export function installRuntime(log: Logger, temporalMetrics: string | null): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) =>
    log[LEVELS[level]](withoutDetails(meta ?? {}), message),
  );
  const filter = makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' });
  const metrics = temporalMetrics !== null && { metrics: { prometheus: { bindAddress: temporalMetrics } } };
  const telemetryOptions = { logging: { filter, forward: {} }, ...metrics };
  Runtime.install({ logger, shutdownSignals: [], telemetryOptions });
}

const KEPT = [
  'sdkComponent',
  'taskQueue',
  'workflowId',
  'workflowType',
  'activityType',
  'attempt',
  'durationMs',
];

/** An activity's failure carries its checkpoint, and cursors have no place in a log: what happened where is enough. */
function withoutDetails(meta: LogMetadata): Record<string, unknown> {
  const kept = Object.fromEntries(KEPT.filter((key) => key in meta).map((key) => [key, meta[key]]));
  const { error } = meta as { error?: { type?: string; message?: string } };
  return error ? { ...kept, error: { type: error.type, message: error.message } } : kept;
}
