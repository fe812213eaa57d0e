// `npm run bench -- --profile`: where the time of a worker goes that copies a table.
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../src/dev/root.js';
import { end } from '../test/support/processes.js';
import { hottest, type CpuProfile } from './support/cpu-profile.js';
import { backupOf, onStage, type Scale } from './support/stage.js';
import { fillTable, STREAM } from './support/table.js';
import { millis, type Table } from './support/tables.js';

const SHOWN = 20;

/** Leaves the profile, which Chrome's developer tools open, in a new folder. */
export async function profile(scale: Scale): Promise<{ table: Table; folder: string }> {
  const folder = await mkdtemp(join(packageRoot(), 'node_modules', '.cache', 'profile-'));
  const ms = await onStage(
    scale,
    async (stage) => {
      await fillTable(stage.postgres.url, scale.rows);
      const worker = stage.longhaul.startWorker({ flags: ['--cpu-prof', '--cpu-prof-dir', folder] });
      try {
        return (await stage.run(backupOf('main', [STREAM]), worker.pid)).ms;
      } finally {
        await end(worker);
      }
    },
    { workers: 0 },
  );
  const profiles = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  const [main] = profiles.toSorted(byThread);
  const busy = hottest(JSON.parse(await readFile(join(folder, main!), 'utf8')) as CpuProfile);
  const all = busy.reduce((sum, each) => sum + each.ms, 0);
  const rows = busy
    .slice(0, SHOWN)
    .map((each) => [each.name, millis(each.ms), `${((100 * each.ms) / all).toFixed(1)} %`]);
  const title = `The worker's main thread, ${scale.rows} rows of PostgreSQL in ${millis(ms)}`;
  return { table: { title, columns: ['function', 'time', 'of its work'], rows }, folder };
}

/** `CPU.date.time.pid.thread.sequence.cpuprofile`: the main thread is thread 0. */
function byThread(a: string, b: string): number {
  return Number(a.split('.')[4]) - Number(b.split('.')[4]);
}
