// Builds the Temporal CLI from its Go module: for machines that reach a Go module proxy but not Temporal's download.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FindOptions } from './options.js';

const MODULE = 'github.com/temporalio/cli/cmd/temporal';
const SAY_EVERY_MS = 10_000;

/** Puts the CLI at `target`, whole or not at all. Takes minutes when nothing of it was built before. */
export async function goInstall(target: string, options: FindOptions): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), 'build-'));
  try {
    await build(folder, options);
    await rename(join(folder, basename(target)), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function build(folder: string, { version, env, say, signal }: FindOptions): Promise<void> {
  const child = spawn('go', ['install', '-v', `${MODULE}@v${version}`], {
    env: { ...env, GOBIN: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal && { signal }),
  });
  const progress = reportProgress(version, say);
  let errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = text.split('\n').filter((line) => line !== '');
    progress.count(lines.length);
    errors = [...errors, ...lines].slice(-5);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ENOENT' ? new Error('Go is not installed') : error),
      );
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(errors.join(' | ')))));
    });
  } finally {
    progress.stop();
  }
}

/** `-v` names each module that is downloaded and each package that is compiled, on a line. */
function reportProgress(version: string, say: FindOptions['say']) {
  const begin = performance.now();
  let steps = 0;
  let announced = false;
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - begin) / 1000);
    say(`building the Temporal CLI ${version} with Go: ${steps} packages after ${seconds} s …`);
  }, SAY_EVERY_MS);
  return {
    count: (lines: number): void => {
      if (!announced) say(`building the Temporal CLI ${version} with Go; this takes some minutes, once …`);
      announced = true;
      steps += lines;
    },
    stop: (): void => clearInterval(timer),
  };
}
