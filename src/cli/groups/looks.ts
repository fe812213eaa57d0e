// The commands that look at jobs and connections: `jobs`, `show`, `watch` and `connections`.
import type { Command } from 'commander';
import type { ClientOptions } from '../commands/common.js';
import type { Done, Io } from '../io.js';
import { kindOption, stateOption, withClient, withPages } from '../options.js';
import { refuseUnknownWithin } from '../within.js';

export function addLooks(program: Command, io: Io, done: Done): void {
  withPages(withClient(program.command('jobs')), 'jobs', 200)
    .description('list jobs, newest first')
    .addOption(kindOption())
    .addOption(stateOption())
    .option('--source <connection>', 'only jobs that read this connection')
    .option('--sink <connection>', 'only jobs that write this connection')
    .option('--tenant <name>', 'only jobs for this tenant')
    .option('--schedule <name>', 'only jobs that this schedule started')
    .action(async (options: ClientOptions) => done(await (await looks()).jobs(io, options)));
  withClient(program.command('show'))
    .description('show a job')
    .argument('<id>')
    .action(async (id: string, options: ClientOptions) => done(await (await looks()).show(io, id, options)));
  withClient(program.command('watch'))
    .description('follow a job to its end')
    .argument('<id>')
    .action(async (id: string, options: ClientOptions) => done(await (await looks()).watch(io, id, options)));
  const connections = withClient(program.command('connections'))
    .description('list the configured connections')
    .action(async (options: ClientOptions) =>
      done(await (await import('../commands/connections.js')).connections(io, options)),
    );
  withClient(connections.command('check'))
    .description('try a connection from a worker')
    .argument('<name>')
    .action(async (name: string, _: ClientOptions, command: Command) =>
      done(
        await (
          await import('../commands/connections.js')
        ).checkConnection(io, name, command.optsWithGlobals()),
      ),
    );
  refuseUnknownWithin(connections);
}

const looks = () => import('../commands/jobs.js');
