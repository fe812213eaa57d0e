// The commands that run the service: `dev`, `api`, `worker` and `setup`; and `keys`, of who may use it.
import { type Command, Option } from 'commander';
import type { KeyOptions } from '../commands/keys.js';
import type { ApiOptions, DevOptions, WorkerOptions } from '../commands/services.js';
import type { Done, Io } from '../io.js';
import { configOption, metricsPortOption, port, temporalMetricsPortOption, whole } from '../options.js';

export function addServices(program: Command, io: Io, done: Done): void {
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
    .addOption(metricsPortOption())
    .addOption(temporalMetricsPortOption())
    .action(async (options: WorkerOptions) => done(await (await services()).worker(options)));
  program
    .command('setup')
    .description('register the search attributes on the Temporal that the environment names')
    .option('--json', 'print JSON instead of text')
    .action(async (options: { json?: boolean }) =>
      done(await (await import('../commands/setup.js')).setup(io, options)),
    );
  addKeys(program, io, done);
}

function addKeys(program: Command, io: Io, done: Done): void {
  const keys = program.command('keys').description('the keys of the API');
  keys
    .command('add')
    .description('make a key, print it once, and put its hash into the config')
    .argument('<name>', 'who will use it')
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['viewer', 'operator', 'admin'])
        .makeOptionMandatory(),
    )
    .option('--tenant <name>', 'see the jobs of this tenant only')
    .addOption(configOption())
    .option('--json', 'print JSON instead of text')
    .action(async (name: string, options: KeyOptions) =>
      done(await (await import('../commands/keys.js')).add(io, name, options)),
    );
}

const services = () => import('../commands/services.js');
