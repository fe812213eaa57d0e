// Structured logs on stderr, one line an event; Temporal's own runtime logs go the same way.
import pino, { type Logger } from 'pino';
import { DefaultLogger, Runtime, type LogLevel } from '@temporalio/worker';

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

/** Once a process, before the first Temporal object is made. The worker stops by our own signal handling. */
export function installRuntime(log: Logger): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) =>
    log[LEVELS[level]](meta ?? {}, message),
  );
  Runtime.install({ logger, shutdownSignals: [] });
}
