// Builds dist/: TypeScript to JavaScript, the dashboard to a few files that browsers load, then the workflows to one bundle
// that workers load at once. It builds beside dist/ and swaps at the end, so that what runs never sees half a build, and nothing of a removed source stays.
// Run it through `npm run build`, which locks and skips it when nothing changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDashboard } from './build-dashboard.mjs';
import { root } from './ensure.mjs';

const dist = join(root, 'dist');
const next = join(root, 'dist.next');
const BUNDLE = 'workflow-bundle.js';

rmSync(next, { recursive: true, force: true });
compile();
await buildDashboard(join(next, 'dashboard'));
await bundleWorkflows();
swap();

function compile() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', next];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

/** Bundling takes seconds, so an unchanged bundle is taken over from the last build. */
async function bundleWorkflows() {
  const key = hashOfWorkflows();
  const last = join(dist, BUNDLE);
  if (existsSync(last) && readIfThere(`${last}.key`) === key)
    writeFileSync(join(next, BUNDLE), readFileSync(last));
  else await bundle();
  writeFileSync(join(next, `${BUNDLE}.key`), key);
}

async function bundle() {
  const { DefaultLogger, bundleWorkflowCode } = await import('@temporalio/worker');
  const workflowsPath = join(next, 'src', 'workflows', 'index.js');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  writeFileSync(join(next, BUNDLE), code);
}

function hashOfWorkflows() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  for (const folder of ['workflows', 'core']) {
    const path = join(next, 'src', folder);
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.js'),
    );
    for (const file of files.toSorted()) hash.update(`${file}\0`).update(readFileSync(join(path, file)));
  }
  return hash.digest('hex');
}

function swap() {
  const old = join(root, 'dist.old');
  rmSync(old, { recursive: true, force: true });
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(next, dist);
  rmSync(old, { recursive: true, force: true });
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
