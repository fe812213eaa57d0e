// `npm run bench`: runs the cases one after another, prints each table as it is done, and writes all to bench/results.md.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { whole } from '../src/cli/options.js';
import { packageRoot } from '../src/dev/root.js';
import { downloads } from './cases/downloads.js';
import { list } from './cases/list.js';
import { listing } from './cases/listing.js';
import { latency } from './cases/latency.js';
import { http } from './cases/http.js';
import { memory } from './cases/memory.js';
import { overheads } from './cases/overheads.js';
import { postgres } from './cases/postgres.js';
import { machine } from './support/machine.js';
import { markdown, type Table } from './support/tables.js';

const CASES = { postgres, http, latency, downloads, overheads, memory, listing, list };
type CaseName = keyof typeof CASES;

interface Options {
  readonly rows: number;
  readonly rounds: number;
  readonly only?: CaseName[];
}

const names = Object.keys(CASES) as CaseName[];
const command = new Command('bench')
  .description('measures Longhaul against its limits, in the same run on the same machine')
  .option('--rows <n>', 'rows and records of the large jobs', whole(1_000), 1_000_000)
  .option('--rounds <n>', 'times that each way is run; figures are medians', whole(1), 5)
  .addOption(new Option('--only <name...>', 'run only these').choices(names))
  .action(bench);
await command.parseAsync();

async function bench({ rows, rounds, only = names }: Options): Promise<void> {
  const tables: Table[] = [];
  for (const name of names.filter((each) => only.includes(each))) {
    for (const table of await CASES[name]({ rows, rounds })) {
      tables.push(table);
      process.stdout.write(`${markdown(table)}\n`);
    }
  }
  const results = join(packageRoot(), 'bench', 'results.md');
  const run = `npm run bench -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, '');
  const head = `# Results\n\n\`${run}\`, ${await machine()}.\n`;
  if (only.length === names.length) await writeFile(results, [head, ...tables.map(markdown)].join('\n'));
}
