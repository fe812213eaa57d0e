// The commands that steer jobs: `pause`, `resume`, `cancel`, `set` and `retry`.
import type { Command } from 'commander';
import type { ClientOptions } from '../commands/common.js';
import type { RetryOptions, SetOptions } from '../commands/jobs.js';
import type { Done, Io } from '../io.js';
import { requestRate, whole, withClient, withWait } from '../options.js';

const STEERING = {
  pause: 'let a job rest; no page is asked for until it is resumed',
  resume: 'let a paused job go on from the exact page',
  cancel: 'end a job and remove what it wrote',
} as const;

export function addSteering(program: Command, io: Io, done: Done): void {
  for (const steering of ['pause', 'resume', 'cancel'] as const) {
    withClient(program.command(steering))
      .description(STEERING[steering])
      .argument('<id>')
      .action(async (id: string, options: ClientOptions) =>
        done(await (await jobs()).steer(io, steering, id, options)),
      );
  }
  withClient(program.command('set'))
    .description('change a job while it runs')
    .argument('<id>')
    .option('--lanes <n>', 'partitions worked on at a time', whole(1, 64))
    .option(
      '--requests-per-second <n>',
      'pace of all lanes together, or `none` for no other bound than the connection has',
      requestRate,
    )
    .action(async (id: string, options: SetOptions) => done(await (await jobs()).set(io, id, options)));
  withWait(withClient(program.command('retry')))
    .description('take up a failed job at its checkpoints, or try again what a restore has set aside')
    .argument('<id>')
    .option('--rejects', 'start a restore of the records that the job has set aside')
    .action(async (id: string, options: RetryOptions) => done(await (await jobs()).retry(io, id, options)));
}

const jobs = () => import('../commands/jobs.js');
