// How a command fails: an error with a code, a hint and the exit code it leads to.
import { CommanderError } from 'commander';
import { type ErrorCode, LonghaulError } from '../core/errors.js';
import { type Io, paint } from './io.js';

/** `detached`: Ctrl-C while watching; as a shell reports an interrupted command. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, cancelled: 4, detached: 130 } as const;

/** One fault of a refused request: where it is in the body and what is wrong. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly code: string,
    message: string,
    readonly extras: {
      readonly exit: number;
      readonly hint?: string;
      readonly faults?: readonly Fault[];
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: extras.cause });
  }
}

export function usageError(message: string, hint: string): CliError {
  return new CliError('usage', message, { exit: EXIT.usage, hint });
}

/** The exit code that an error code of the API leads to; `status` decides for the others. */
export function exitFor(code: string, status: number): number {
  if (UNREACHABLE.has(code)) return EXIT.unreachable;
  return status >= 400 && status < 500 ? EXIT.usage : EXIT.failed;
}

/** Errors of the services that another command line or config would not meet. */
const USAGE = new Set<ErrorCode>([
  'already_running',
  'config_invalid',
  'host_refused',
  'port_taken',
  'spec_invalid',
]);
const UNREACHABLE = new Set(['temporal_unreachable', 'worker_unavailable', 'api_unreachable']);

/** Prints an error and returns its exit code. */
export function report(io: Io, error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof CliError) {
    printError(io, { code: error.code, message: error.message, ...error.extras });
    return error.extras.exit;
  }
  if (error instanceof LonghaulError) {
    printError(io, error);
    return exitFor(error.code, USAGE.has(error.code) ? 400 : 500);
  }
  printError(io, { code: 'internal', message: error instanceof Error ? error.message : String(error) });
  if (io.env['LONGHAUL_DEBUG'] && error instanceof Error) io.err(error.stack ?? '');
  return EXIT.failed;
}

export function printError(
  io: Io,
  error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly faults?: readonly Fault[];
  },
): void {
  io.err(`${paint(io, 'red', `error ${error.code}:`)} ${error.message}`);
  for (const line of (error.faults ?? []).map(lineOf)) {
    // The message of a single fault is often the fault itself.
    if (line !== error.message) io.err(`  ${line}`);
  }
  if (error.hint) io.err(`${paint(io, 'yellow', 'hint:')} ${error.hint}`);
}

function lineOf({ path, message }: Fault): string {
  return `${path || '(body)'}: ${message}`;
}
