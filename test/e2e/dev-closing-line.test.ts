// The last line of `npm test` tells the truth, whatever happens to the run: with small suites of their own.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const RUN = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
const REPORTER = fileURLToPath(new URL('../support/reporter.ts', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-suite-'));
  await writeFile(join(folder, 'vitest.config.mjs'), 'export default { test: { globals: true } };');
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs a suite of one file as `npm test` would; the end of its output and its exit code. */
async function runSuite(suite: string): Promise<{ lastLine: string | undefined; code: number }> {
  await writeFile(join(folder, 'a.test.mjs'), suite);
  const config = join(folder, 'vitest.config.mjs');
  const args = [RUN, 'test', '--root', folder, '--config', config, '--reporter', REPORTER];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout) => {
      const lastLine = stdout.split('\n').at(-2);
      resolve({ lastLine, code: error ? Number(error.code) : 0 });
    });
  });
}

describe('the closing line', () => {
  it.each([
    ['counts what passed', 'it("a", () => {}); it("b", () => {});', '2 passed, 0 failed', 0],
    ['counts what failed', 'it("a", () => {}); it("b", () => { throw 1; });', '1 passed, 1 failed', 1],
    [
      'tells what was skipped',
      'it("a", () => {}); it.skip("b", () => {});',
      '1 passed, 0 failed, 1 skipped',
      0,
    ],
    ['counts a file that cannot be loaded', 'throw new Error("x");', '0 passed, 1 failed', 1],
    [
      'counts an error after the tests',
      'it("a", () => void Promise.reject(new Error("x")));',
      '1 passed, 1 failed',
      1,
    ],
    ['counts a hook that fails', 'afterAll(() => { throw 1; }); it("a", () => {});', '1 passed, 1 failed', 1],
    ['counts a run without tests', '', '0 passed, 1 failed', 1],
    ['counts a crash', 'it("a", () => process.kill(process.ppid, "SIGKILL"));', '0 passed, 1 failed', 1],
  ])('%s', async (_, suite, lastLine, code) => {
    expect(await runSuite(suite)).toEqual({ lastLine, code });
  });
});
