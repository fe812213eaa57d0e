// The commands of schedules: `schedules` lists them, the commands within add, change, show and steer one.
import { type Command, Option } from 'commander';
import type { ClientOptions } from '../commands/common.js';
import type { ScheduleOptions } from '../commands/schedules.js';
import type { Done, Io } from '../io.js';
import { withClient, withWait } from '../options.js';
import { refuseUnknownWithin } from '../within.js';

export function addSchedules(program: Command, io: Io, done: Done): void {
  const all = withClient(program.command('schedules'))
    .description('list the schedules: jobs that start by themselves')
    .option('--tenant <name>', 'only schedules for this tenant')
    .action(async (options: ClientOptions) => done(await (await commands()).schedules(io, options)));
  addChanges(all, io, done);
  addSteering(all, io, done);
  refuseUnknownWithin(all);
}

function addChanges(all: Command, io: Io, done: Done): void {
  for (const [name, description] of [
    ['add', 'start a job at certain times'],
    ['set', 'change a schedule: all its settings are said anew'],
  ] as const) {
    withTimes(withClient(all.command(name)))
      .description(description)
      .argument('<name>', 'of the schedule; its jobs and their archives are named after it')
      .argument('<command...>', 'behind `--`: the command that would start such a job')
      .addHelpText('after', `\n${example(name)}`)
      .action(async (schedule: string, words: string[], _: ScheduleOptions, command: Command) =>
        done(await (await commands())[name](io, schedule, words, command.optsWithGlobals())),
      );
  }
}

const example = (command: string): string => `Examples:
  longhaul schedules ${command} nightly --cron "0 3 * * *" -- backup crm --to vault/nightly
  longhaul schedules ${command} checks --every 7d -- verify vault/nightly/march --against crm`;

function withTimes(command: Command): Command {
  return command
    .option('--cron <fields>', 'minute, hour, day of the month, month, day of the week: "0 3 * * *"')
    .option('--time-zone <name>', 'of --cron, like Europe/Berlin (default: UTC)')
    .option('--every <time>', 'in place of --cron: 15m, 6h, 1d')
    .addOption(
      new Option(
        '--overlap <what>',
        'where the job before still runs: leave the new one out, start it after that, or at once (default: skip)',
      ).choices(['skip', 'queue', 'parallel']),
    )
    .option('--catch-up <time>', 'how late a start may be that Temporal was away for (default: 1d)')
    .option('--pause-on-failure', 'a job that fails pauses the schedule');
}

function addSteering(all: Command, io: Io, done: Done): void {
  on(all, 'show', 'show a schedule, its next starts and its last jobs', io, done);
  on(all, 'pause', 'start no job until it is resumed', io, done).option('--note <text>', 'why');
  on(all, 'resume', 'start jobs again', io, done);
  withWait(on(all, 'trigger', 'start a job now', io, done));
  on(all, 'remove', 'remove a schedule; its jobs and archives stay', io, done);
}

type OnOne = 'show' | 'pause' | 'resume' | 'trigger' | 'remove';

function on(all: Command, name: OnOne, description: string, io: Io, done: Done): Command {
  return withClient(all.command(name))
    .description(description)
    .argument('<name>')
    .action(async (schedule: string, _: ClientOptions, command: Command) =>
      done(await (await commands())[name](io, schedule, command.optsWithGlobals())),
    );
}

const commands = () => import('../commands/schedules.js');
