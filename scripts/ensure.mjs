// Makes a checkout ready to run: installs what is missing, builds what is older than its sources. Silent when all is
// there. Imports nothing but Node's own modules, for it runs before `npm ci`.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './lock.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.longhaul-install');
const buildStamp = join(root, 'dist', '.stamp');
const lockFile = join(root, '.longhaul', 'setup.lock');
const MINIMUM_NODE = [20, 19];

/** Ends the process with a clear message on a Node that is too old. */
export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  process.stderr.write(
    `Longhaul needs Node ${MINIMUM_NODE.join('.')} or newer; this is ${process.versions.node}.\n`,
  );
  process.exit(1);
}

/** Installs if the dependencies are not those of package-lock.json. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await locked(() => {
    if (isInstalled()) return;
    if (!holdsWhatIsLocked()) install();
    writeFileSync(installStamp, hashOfLock());
  });
}

/** Installs and builds if needed. Throws an Error fit to be shown when either fails. */
export async function ensureBuilt() {
  await ensureInstalled();
  if (isBuilt()) return;
  await locked(() => {
    const stamp = stampOfSources();
    if (readIfThere(buildStamp) === stamp) return;
    say('building …');
    run(process.execPath, [join(root, 'scripts', 'build.mjs')], 'The build failed; see above.');
    writeFileSync(buildStamp, stamp);
  });
}

/** Compiles a folder by its own tsconfig.json. */
export function compile(folder) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '-p', join(root, folder)], `${folder} does not compile; see above.`);
}

function locked(work) {
  return withLock(lockFile, sayWaiting, work);
}

function sayWaiting(pid) {
  say(`another run (process ${pid}) is setting up this checkout; waiting for it …`);
}

function isInstalled() {
  return readIfThere(installStamp) === hashOfLock();
}

function isBuilt() {
  return readIfThere(buildStamp) === stampOfSources();
}

function hashOfLock() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** npm keeps its own record of what it installed: where that agrees with the lock file, there is nothing to do. */
function holdsWhatIsLocked() {
  const installed = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (installed === null) return false;
  const have = JSON.parse(installed).packages;
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(
    ([path, entry]) => path === '' || entry.optional || have[path]?.version === entry.version,
  );
}

function install() {
  say('installing dependencies (npm ci) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const flags = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  run(npm, flags, 'npm ci failed; see above. It needs the npm registry once.');
}

/** All output goes to stderr: stdout belongs to the command that is to run. */
function run(command, args, failure) {
  const shell = process.platform === 'win32' && command.endsWith('.cmd');
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (status !== 0) throw new Error(failure, { cause: error });
}

/** Changes when any source, or what turns it into the build, is changed, added or removed. */
function stampOfSources() {
  const hash = createHash('sha256').update(hashOfLock());
  for (const folder of ['src', 'examples', 'scripts']) stampFolder(join(root, folder), hash);
  for (const file of ['tsconfig.json', 'tsconfig.build.json']) stampFile(join(root, file), hash);
  return hash.digest('hex');
}

function stampFolder(folder, hash) {
  for (const entry of listIfThere(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) stampFolder(path, hash);
    else if (/\.(m?ts|tsx|mjs|css|html|svg)$/.test(entry.name)) stampFile(path, hash);
  }
}

function stampFile(path, hash) {
  const { mtimeMs, size } = statSync(path);
  hash.update(`${path}\0${mtimeMs}\0${size}\0`);
}

function listIfThere(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function say(message) {
  process.stderr.write(`longhaul: ${message}\n`);
}
