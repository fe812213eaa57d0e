// `npm test` and `npm run check`: each ends with the line `N passed, N failed`, whatever happened before it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './ensure.mjs';

const STEPS = [
  { name: 'types', module: 'typescript/bin/tsc', args: ['--noEmit', '-p', '.'] },
  {
    name: 'types of the dashboard',
    module: 'typescript/bin/tsc',
    args: ['--noEmit', '-p', 'src/dashboard'],
  },
  { name: 'lint', module: 'oxlint/bin/oxlint', args: ['--type-aware'] },
  { name: 'format', module: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level=warn', '.'] },
];

/** Runs the tests; arguments are vitest's. */
export async function test(args) {
  close(await tests(args));
}

/** What CI runs. Each step runs even if one before it failed; a failed step counts as one failure. */
export async function check(args) {
  const prepared = await attempt(ensureInstalled);
  const failedSteps = prepared ? STEPS.filter((step) => !passes(step)).map((step) => step.name) : ['install'];
  const counts = prepared ? await tests(args) : { passed: 0, failed: 0, skipped: 0 };
  for (const name of failedSteps) console.log(`failed: ${name}`);
  close({ ...counts, failed: counts.failed + failedSteps.length });
}

function passes({ name, module, args }) {
  console.log(`checking ${name} …`);
  return node([join(root, 'node_modules', module), ...args]) === 0;
}

async function tests(args) {
  if (!(await attempt(ensureBuilt))) return { passed: 0, failed: 1, skipped: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'longhaul-tests-'));
  try {
    const summary = join(folder, 'summary.json');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const status = node([vitest, 'run', ...args], { LONGHAUL_TEST_SUMMARY: summary });
    return verdict(status, summary);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run that ended badly without a failed test (a crash, an error outside of tests) has failed all the same. */
function verdict(status, summary) {
  const counts = readCounts(summary);
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/** No summary: the run did not get to its end. */
function readCounts(summary) {
  try {
    return JSON.parse(readFileSync(summary, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

async function attempt(step) {
  try {
    await step();
    return true;
  } catch (error) {
    process.stderr.write(`longhaul: ${error.message}\n`);
    return false;
  }
}

function node(args, env = {}) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
    .status;
}

function close({ passed, failed, skipped }) {
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
