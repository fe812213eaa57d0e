// `npm run demo`, small: it proves what it says, and leaves nothing behind.
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alive, descendants, outputOf, start } from '../support/processes.js';
import { until } from '../support/until.js';

const RUN = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
const TIMEOUT_MS = 300_000;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-demo-test-'));
  await chmod(folder, 0o755); // PostgreSQL, which lies below it, runs as another user where the tests run as root
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const demo = (...args: string[]) =>
  start(process.execPath, [RUN, 'demo', ...args], { env: { ...process.env, TMPDIR: folder } });

test(
  'kills a worker in a running chunk, proves the archive and its copies, and cleans up',
  async () => {
    const run = demo('--records', '60000');
    await until('the demo ends', () => run.ended() !== undefined, {
      timeoutMs: TIMEOUT_MS,
      seen: run.stdout,
    });
    expect(`${run.stdout()}\n${run.stderr()}`).toContain('All of it holds.');
    expect(run.ended()).toBe(0);
    expect(run.stdout()).toMatch(
      /worker \d+ killed at [\d,]+ records \((3|4|5|6)\d %\) while it ran [12] chunks?/,
    );
    expect(run.stdout()).toMatch(/records +60,000, each exactly once/);
    expect(run.stdout()).toMatch(/restored +60,000 rows in 2 tables of PostgreSQL/);
    expect(run.stdout()).toMatch(/exported +60,000 rows in Parquet, value by value/);
    expect(await readdir(folder)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'Ctrl-C in the middle of the backup stops every process and removes the folder',
  async () => {
    const run = demo('--records', '60000');
    await outputOf(
      run,
      'a running backup',
      () => run.stdout().includes('running  ') || undefined,
      TIMEOUT_MS,
    );
    const started = await descendants(run.pid);
    expect(started.length).toBeGreaterThan(3);
    run.child.kill('SIGINT');
    await until('the demo ends', () => run.ended() !== undefined, { seen: run.stdout });
    expect(run.ended()).toBe(130);
    expect(await readdir(folder)).toEqual([]);
    const left = [];
    for (const row of started) if (await alive(row.pid)) left.push(row.command);
    expect(left).toEqual([]);
  },
  TIMEOUT_MS,
);
