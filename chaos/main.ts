// `npm run chaos -- --minutes 10 --seed 7`: says each fault as it strikes, and prints the figures when all is over.
import { Command } from 'commander';
import { machine } from '../bench/support/machine.js';
import { whole } from '../src/cli/options.js';
import { broken } from './bounds.js';
import { report } from './report.js';
import { runChaos } from './run.js';

const SCALE = { records: 16_000, rows: 40_000, objects: 400 };

const command = new Command('chaos')
  .description('runs jobs of every kind while processes die and sources lie, and checks every result')
  .option('--minutes <n>', 'how long faults are begun', whole(1), 10)
  .option('--seed <n>', 'of all choices: the same seed gives the same faults', whole(0), 1)
  .action(chaos);
await command.parseAsync();

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function chaos({ minutes, seed }: { minutes: number; seed: number }): Promise<void> {
  const run = `npm run chaos -- --minutes ${minutes} --seed ${seed}`;
  try {
    const ms = minutes * 60_000;
    const outcome = await runChaos({ ...SCALE, seed, ms, leaks: true, say });
    process.stdout.write(`\`${run}\`, ${await machine()}.\n\n${report(outcome)}\n`);
    const wrong = broken(outcome, ms);
    for (const sentence of wrong) say(`not as promised: ${sentence}`);
    process.exit(wrong.length === 0 ? 0 : 1);
  } catch (error) {
    say(`\n${(error as Error).stack}\n\nagain: ${run}`);
    process.exit(1);
  }
}
