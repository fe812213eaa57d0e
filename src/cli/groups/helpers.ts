// The commands that help with the others: `doctor` and `completion`.
import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.js';
import type { DoctorOptions } from '../commands/doctor.js';
import { EXIT } from '../errors.js';
import type { Done, Io } from '../io.js';
import { configOption, withClient } from '../options.js';

export function addHelpers(program: Command, io: Io, done: Done): void {
  withClient(program.command('doctor'))
    .description('look at all that jobs need, and say what to do')
    .addOption(configOption())
    .action(async (options: DoctorOptions) =>
      done(await (await import('../commands/doctor.js')).doctor(io, options)),
    );
  program
    .command('completion')
    .description('print the completion of commands and options for a shell')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => {
      io.out(completionScript(shell, program));
      done(EXIT.done);
    });
}
