// The commands, a file for each group in groups/: names, arguments and help. What a command does is imported when it is
// called, so that `jobs` starts fast.
import { Command } from 'commander';
import { VERSION } from '../core/version.js';
import { report } from './errors.js';
import { addHelpers } from './groups/helpers.js';
import { addLooks } from './groups/looks.js';
import { addResults } from './groups/results.js';
import { addSchedules } from './groups/schedules.js';
import { addServices } from './groups/services.js';
import { addStarts } from './groups/starts.js';
import { addSteering } from './groups/steering.js';
import type { Done, Io } from './io.js';
import { withOutput } from './output.js';

/** Runs one command line (without `node` and the script) and returns its exit code. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let code = 0;
  const program = createProgram(io, (exit) => (code = exit));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return report(io, error);
  }
}

function createProgram(io: Io, done: Done): Command {
  const program = withOutput(new Command('longhaul'), io)
    .description('Durable backup, export, restore and verify jobs over paged data.')
    .version(VERSION)
    .addHelpText('after', `\n${EXIT_CODES}`);
  addServices(program, io, done);
  addStarts(program, io, done);
  addLooks(program, io, done);
  addResults(program, io, done);
  addSteering(program, io, done);
  addSchedules(program, io, done);
  addHelpers(program, io, done);
  return program;
}

const EXIT_CODES =
  'Exit codes: 0 done, 1 the job failed, 2 usage, 3 API or Temporal not reachable, 4 the job was cancelled, 130 detached.';
