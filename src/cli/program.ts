// The commands: names, arguments and help. What a command does is imported when it is called, so that `jobs` starts fast.
import { Command } from 'commander';
import { VERSION } from '../core/version.js';
import type { Steering } from './client.js';
import type { ClientOptions } from './commands/common.js';
import type { ApiOptions, DevOptions } from './commands/services.js';
import type { BackupOptions, RestoreOptions, StartOptions } from './commands/start.js';
import { report } from './errors.js';
import { type Io, paint } from './io.js';
import {
  compressionOption,
  configOption,
  kindOption,
  modeOption,
  port,
  several,
  stateOption,
  whole,
  withCheckpoint,
  withClient,
  withStart,
} from './options.js';

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

type Done = (exit: number) => void;

function createProgram(io: Io, done: Done): Command {
  const program = new Command('longhaul')
    .description('Durable backup, restore and verify jobs over paged data.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error:/, paint(io, 'red', 'error usage:'))),
    })
    .showHelpAfterError('hint: --help shows what there is')
    .addHelpText('after', `\n${EXIT_CODES}`);
  addServices(program, io, done);
  addStarts(program, io, done);
  addRestore(program, io, done);
  addLooks(program, io, done);
  addSteering(program, io, done);
  return program;
}

const EXIT_CODES =
  'Exit codes: 0 done, 1 the job failed, 2 usage, 3 API or Temporal not reachable, 4 the job was cancelled, 130 detached.';

function addServices(program: Command, io: Io, done: Done): void {
  program
    .command('dev')
    .description('run Temporal, API and workers on this machine')
    .addOption(configOption())
    .option('--port <n>', 'of the API; 0: a free one', port, 8400)
    .option('--data-dir <dir>', 'where everything is kept', '.longhaul')
    .option('--temporal-port <n>', 'of Temporal; 0: a free one (default: as temporal-dev.yml says)', port)
    .option('--ui-port <n>', "of Temporal's Web UI; 0: a free one (default: as temporal-dev.yml says)", port)
    .option('--workers <n>', 'worker processes; 0: none', whole(0, 64), 1)
    .option('--json', 'print one line of JSON once everything answers')
    .action(async (options: DevOptions) => done(await (await services()).dev(options)));
  program
    .command('api')
    .description('run the API')
    .addOption(configOption())
    .option('--port <n>', '0: a free one', port, 8400)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--web-ui <url>', "address of Temporal's Web UI, for links")
    .action(async (options: ApiOptions) => done(await (await services()).api(options)));
  program
    .command('worker')
    .description('run a worker')
    .addOption(configOption())
    .action(async (options: { config: string }) => done(await (await services()).worker(options)));
  program
    .command('setup')
    .description('register the search attributes on the Temporal that the environment names')
    .option('--json', 'print JSON instead of text')
    .action(async (options: { json?: boolean }) =>
      done(await (await import('./commands/setup.js')).setup(io, options)),
    );
}

function addStarts(program: Command, io: Io, done: Done): void {
  withCheckpoint(withStart(program.command('backup')))
    .description('back up a source into an archive')
    .argument('<source...>', 'SOURCE for all streams, or SOURCE/STREAM,STREAM…')
    .requiredOption('--to <sink>', 'SINK or SINK/PREFIX')
    .option('--archive <id>', 'id of the archive (default: the id of the job)')
    .option('--page-size <n>', 'records a page', whole(1, 100_000))
    .addOption(compressionOption())
    .action(async (sources: string[], options: BackupOptions) =>
      done(await (await starts()).backup(io, sources, options)),
    );
  withStart(program.command('verify'))
    .description('read an archive again and prove it whole')
    .argument('<archive>', 'SINK/ARCHIVE, as `longhaul show ID` prints it')
    .action(async (archive: string, options: StartOptions) =>
      done(await (await starts()).verify(io, archive, options)),
    );
}

function addRestore(program: Command, io: Io, done: Done): void {
  withCheckpoint(withStart(program.command('restore')))
    .description('write an archive into a database')
    .argument('<archive>', 'SINK/ARCHIVE, as `longhaul show ID` prints it')
    .requiredOption('--to <connection>', 'the connection to write to')
    .option('--stream <name>', 'only this stream; may be given several times', several)
    .addOption(modeOption())
    .option('--create', 'make tables that are missing, as the archive describes them')
    .action(async (archive: string, options: RestoreOptions) =>
      done(await (await starts()).restore(io, archive, options)),
    );
}

function addLooks(program: Command, io: Io, done: Done): void {
  withClient(program.command('jobs'))
    .description('list jobs, newest first')
    .addOption(kindOption())
    .addOption(stateOption())
    .option('--source <connection>', 'only jobs that read this connection')
    .option('--sink <connection>', 'only jobs that write this connection')
    .option('--tenant <name>', 'only jobs for this tenant')
    .option('--limit <n>', 'jobs a page', whole(1))
    .option('--cursor <cursor>', 'where the next page begins')
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
      done(await (await import('./commands/connections.js')).connections(io, options)),
    );
  withClient(connections.command('check'))
    .description('try a connection from a worker')
    .argument('<name>')
    .action(async (name: string, _: ClientOptions, command: Command) =>
      done(
        await (
          await import('./commands/connections.js')
        ).checkConnection(io, name, command.optsWithGlobals()),
      ),
    );
}

const STEERING: Readonly<Record<Steering, string>> = {
  pause: 'let a job rest; no page is asked for until it is resumed',
  resume: 'let a paused job go on from the exact page',
  cancel: 'end a job and remove what it wrote',
  retry: 'take up a failed job at its checkpoints',
};

function addSteering(program: Command, io: Io, done: Done): void {
  for (const steering of ['pause', 'resume', 'cancel', 'retry'] as const) {
    const command = withClient(program.command(steering)).description(STEERING[steering]).argument('<id>');
    if (steering === 'retry') command.option('--wait', 'stay until the job ends, showing progress');
    command.action(async (id: string, options: ClientOptions) =>
      done(await (await looks()).steer(io, steering, id, options)),
    );
  }
}

const services = () => import('./commands/services.js');
const starts = () => import('./commands/start.js');
const looks = () => import('./commands/jobs.js');
