// `npm run bench`: runs the cases one after another, prints each table as it is done, and keeps it in bench/results.md.
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { whole } from '../src/cli/options.js';
import { packageRoot } from '../src/dev/root.js';
import { crowd } from './cases/crowd.js';
import { downloads } from './cases/downloads.js';
import { growth } from './cases/growth.js';
import { list } from './cases/list.js';
import { listing } from './cases/listing.js';
import { latency } from './cases/latency.js';
import { http } from './cases/http.js';
import { memory } from './cases/memory.js';
import { objects } from './cases/objects.js';
import { overheads } from './cases/overheads.js';
import { postgres } from './cases/postgres.js';
import { restore } from './cases/restore.js';
import { verify } from './cases/verify.js';
import { watchers } from './cases/watchers.js';
import { profile } from './profile.js';
import { machine } from './support/machine.js';
import { keepResult } from './support/results.js';
import type { Scale } from './support/stage.js';
import { markdown } from './support/tables.js';

const CASES = {
  postgres,
  http,
  restore,
  verify,
  latency,
  list,
  watchers,
  downloads,
  overheads,
  crowd,
  memory,
  growth,
  listing,
  objects,
};
type CaseName = keyof typeof CASES;

interface Options {
  readonly rows: number;
  readonly rounds: number;
  readonly growth: number;
  readonly profile?: true;
  readonly only?: CaseName[];
}

const names = Object.keys(CASES) as CaseName[];
const command = new Command('bench')
  .description('measures Longhaul against its limits, in the same run on the same machine')
  .option('--rows <n>', 'rows and records of the large jobs', whole(1_000), 1_000_000)
  .option('--rounds <n>', 'times that each way is run; figures are medians', whole(1), 5)
  .option('--growth <n>', 'records of the largest job of the case growth', whole(100_000), 10_000_000)
  .option('--profile', 'shows where the time of a worker goes instead')
  .addOption(new Option('--only <name...>', 'run only these').choices(names))
  .action(bench);
await command.parseAsync();

async function bench({ only = names, ...options }: Options): Promise<void> {
  if (options.profile) return showProfile(options);
  const file = join(packageRoot(), 'bench', 'results.md');
  for (const name of names.filter((each) => only.includes(each))) {
    const tables = await CASES[name](options);
    for (const table of tables) process.stdout.write(`${markdown(table)}\n`);
    await keepResult(file, names, { name, from: await fromOf(name, options), tables });
  }
}

async function fromOf(name: CaseName, { rows, rounds, growth: largest }: Scale): Promise<string> {
  const scale = name === 'growth' ? `--growth ${largest}` : `--rows ${rows} --rounds ${rounds}`;
  const today = new Date().toISOString().slice(0, 10);
  return `\`npm run bench -- --only ${name} ${scale}\`, ${today}, ${await machine()}.`;
}

async function showProfile(scale: Scale): Promise<void> {
  const { table, folder } = await profile(scale);
  process.stdout.write(`${markdown(table)}\nThe profiles are in ${folder}.\n`);
}
