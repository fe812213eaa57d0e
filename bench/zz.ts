import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { end } from '../test/support/processes.js';
import { piped } from './support/pipes.js';
import { backupOf, onStage } from './support/stage.js';
import { fillTable, STREAM, TABLE } from './support/table.js';

async function threads(pid: number): Promise<Map<string, number>> {
  const map = new Map<string, number>();
  for (const tid of await readdir(`/proc/${pid}/task`)) {
    const stat = await readFile(`/proc/${pid}/task/${tid}/stat`, 'utf8').catch(() => '');
    if (!stat) continue;
    const comm =
      (Number(tid) === pid ? 'MAIN' : stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))) +
      (process.env['BYTID'] ? tid : '');
    const f = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    map.set(comm, (map.get(comm) ?? 0) + (Number(f[11]) + Number(f[12])) / 100);
  }
  return map;
}
async function cpu(): Promise<number[]> {
  return (await readFile('/proc/stat', 'utf8')).split('\n')[0]!.split(/\s+/).slice(1).map(Number);
}
const delta = (a: number[], b: number[]) =>
  ['user', 'nice', 'sys', 'idle', 'iowait', 'irq', 'softirq', 'steal']
    .map((n, i) => `${n} ${((b[i]! - a[i]!) / 100).toFixed(2)}`)
    .join(' ');
const rows = Number(process.env['ROWS'] ?? 2_000_000);
await onStage(
  { rows: 1000 },
  async (stage) => {
    await fillTable(stage.postgres.url, rows);
    const worker = process.env['TRACEGC']
      ? stage.longhaul.startWorker({
          flags: ['--trace-gc', ...(process.env['FLAGS'] ?? '').split(' ').filter(Boolean)],
        })
      : null;
    const pid = worker?.pid ?? (await stage.longhaul.workerPids())[0]!;
    process.on('exit', () => undefined);
    const smaps = async () => {
      if (process.env['SMAPS'])
        console.log((await import('node:child_process')).execSync(`python3 /tmp/smaps.py ${pid}`).toString());
    };
    await smaps();
    for (let n = 0; n < Number(process.env['N'] ?? 3); n++) {
      if (!process.env['NOPIPE']) {
        const s0 = await cpu();
        const p = await piped(
          `psql "$URL" -qc "COPY ${TABLE} TO STDOUT (FORMAT csv)" | zstd -3 -T1 -q > "${join(stage.longhaul.folder, 'x')}"`,
          { URL: stage.postgres.url },
        );
        console.log('pipe', p.ms.toFixed(0), p.more!['CPU s']!.toFixed(2), delta(s0, await cpu()));
      }
      for (const lanes of (process.env['LANES'] ?? '4,1').split(',').map(Number)) {
        const before = await threads(pid);
        const s0 = await cpu();
        const ran = await stage.run(backupOf('main', [STREAM], { lanes }), pid);
        const s1 = await cpu();
        const after = await threads(pid);
        const d = [...after]
          .map(([k, v]) => [k, v - (before.get(k) ?? 0)] as const)
          .filter(([, v]) => v > 0.02);
        const rss = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1];
        console.log(
          lanes,
          'lanes',
          ran.ms,
          'worker',
          ran.workerCpu.toFixed(2),
          'temporal',
          ran.temporalCpu.toFixed(2),
          'hwm',
          rss,
          delta(s0, s1),
          d.map(([k, v]) => `${k} ${v.toFixed(2)}`).join(' '),
        );
      }
    }
    await smaps();
    if (worker) {
      console.log(
        worker
          .stdout()
          .split('\n')
          .filter((l) => /Mark-Compact|Scavenge/.test(l))
          .join('\n'),
      );
      await end(worker);
    }
  },
  { workers: process.env['TRACEGC'] ? 0 : 1 },
);
