// The command that stands behind `--` in `longhaul schedules add`: read as if it were called, and its job not started.
import { Command } from 'commander';
import type { JobSpec } from '../core/spec.js';
import type { ClientOptions } from './commands/common.js';
import { EXIT, usageError } from './errors.js';
import { addSpecs } from './groups/starts.js';
import type { Io } from './io.js';
import { withOutput } from './output.js';
import type { StartOptions } from './specs.js';

/** `words`: `backup crm --to vault`. Throws as that command does where it cannot be read. */
export async function scheduledSpec(
  io: Io,
  words: readonly string[],
  where: ClientOptions,
): Promise<JobSpec> {
  const taken: JobSpec[] = [];
  const program = withOutput(new Command('--'), io);
  addSpecs(
    program,
    io,
    () => undefined,
    (_, spec, options) => {
      refuseStarting(options);
      taken.push(spec);
      return Promise.resolve(EXIT.done);
    },
  );
  const names = program.commands.map((command) => command.name());
  program.showHelpAfterError(`hint: behind \`--\` stands what starts a job: ${names.join(', ')}`);
  await program.parseAsync([...words, ...wordsOf(where)], { from: 'user' });
  const [spec] = taken;
  if (spec) return spec;
  throw usageError('no job is named', 'Write it behind `--`: -- backup SOURCE --to SINK.');
}

/** Some commands ask the API what a place is: the same one. */
function wordsOf({ api, dataDir }: ClientOptions): string[] {
  return [
    ...(api === undefined ? [] : ['--api', api]),
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
  ];
}

function refuseStarting({ wait, idempotencyKey, json }: StartOptions): void {
  const given = { '--wait': wait, '--idempotency-key': idempotencyKey, '--json': json };
  const [flag] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (flag === undefined) return;
  throw usageError(
    `${flag} is not of a job that a schedule starts`,
    'Leave it out, or write it before the `--`.',
  );
}
