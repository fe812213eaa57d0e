import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { end } from '../test/support/processes.js';
import { hottest, type CpuProfile } from './support/cpu-profile.js';
import { backupOf, onStage } from './support/stage.js';
import { request } from 'undici';
import { open } from 'node:fs/promises';
import { createFramePipe } from '../src/archive/frames.js';
const rows = Number(process.env['ROWS'] ?? 2_000_000);
const prof = !!process.env['PROF'];
await onStage({ rows }, async (stage) => {
  const folder = await mkdtemp('/tmp/prof-');
  const worker = stage.longhaul.startWorker({ flags: [...(prof ? ['--cpu-prof', '--cpu-prof-dir', folder] : []), ...(process.env['FLAGS'] ?? '').split(' ').filter(Boolean)] });
  for (let n = 0; n < Number(process.env['N'] ?? 3); n++) {
    if (process.env['LOOP']) {
      const c0 = process.cpuUsage(); const t0 = performance.now();
      const to = await open('/tmp/zz3.out', 'w');
      const pipe = createFramePipe('zstd', (b) => to.writeFile(b));
      for (let at = 0; at < rows; at += 1000) for await (const bytes of (await request(stage.pages.page('fast', at))).body) await pipe.write(bytes as Buffer);
      await pipe.end(); await to.sync(); await to.close();
      const c = process.cpuUsage(c0); console.log('loop', (performance.now() - t0).toFixed(0), ((c.user + c.system) / 1e6).toFixed(2));
    }
    for (const connection of ['cursor', 'offset']) {
      const ran = await stage.run(backupOf(connection, ['fast']), worker.pid);
      console.log(connection, ran.ms, 'worker', ran.workerCpu.toFixed(2), 'temporal', ran.temporalCpu.toFixed(2));
    }
  }
  await end(worker);
  if (!prof) return;
  const profiles = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile')).toSorted((a, b) => Number(a.split('.')[4]) - Number(b.split('.')[4]));
  const busy = hottest(JSON.parse(await readFile(`${folder}/${profiles[0]!}`, 'utf8')) as CpuProfile);
  const all = busy.reduce((sum, each) => sum + each.ms, 0);
  console.log('all', all.toFixed(0));
  for (const each of busy.slice(0, 32)) console.log(each.ms.toFixed(0).padStart(6), ((100 * each.ms) / all).toFixed(1).padStart(5), each.name);
}, { workers: 0 });
