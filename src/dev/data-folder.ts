// The launcher's data folder: one launcher at a time, and a note of what it runs (`dev.json`), for the command line
// and for the next launcher, should this one be killed.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LonghaulError } from '../core/errors.js';
import { tryLock } from './lock.js';
import { endProcess, isRunning } from './processes.js';
import type { ProcessMark } from './processes.js';
import type { Say } from './say.js';

/** What `dev.json` holds. `pids` lists what runs; `processes` lets the next launcher tell it from other programs. */
export interface DevNote {
  readonly api: string;
  readonly webUi: string;
  /** host:port */
  readonly temporal: string;
  readonly pids: Pids;
  readonly processes: readonly (ProcessMark & { readonly name: string })[];
}

export interface Pids {
  readonly temporal: number | null;
  readonly api: number | null;
  readonly workers: readonly number[];
}

export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  /** Replaces the note. Calls may overlap; the last one wins. */
  note(note: DevNote): Promise<void>;
  /** Removes the note and lets the next launcher in. */
  release(): Promise<void>;
}

/** What a killed launcher left behind has this long to end in order. */
const LEFTOVER_GRACE_MS = 5_000;

/** Creates it, locks it and ends what an earlier launcher left running. @throws LonghaulError `already_running` */
export async function openDataFolder(path: string, say: Say): Promise<DataFolder> {
  const logs = join(path, 'logs');
  await create(logs);
  const lock = await tryLock(join(path, 'dev.lock'));
  const file = join(path, 'dev.json');
  if (!lock.held) throw await alreadyRunning(path, file, lock.holder);
  await endLeftovers(file, say);
  let writing: Promise<void> = Promise.resolve();
  return {
    path,
    logs,
    note: (note) => (writing = writing.then(() => replace(file, note))),
    release: async () => {
      await writing;
      await rm(file, { force: true });
      await lock.release();
    },
  };
}

async function create(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new LonghaulError('start_failed', `The data folder cannot be made: ${(cause as Error).message}`, {
      hint: 'Choose a folder that can be written, with --data-dir.',
      cause,
    });
  }
}

async function alreadyRunning(path: string, file: string, { pid }: ProcessMark): Promise<LonghaulError> {
  const note = await readNote(file);
  const where = note ? `, API ${note.api}` : '';
  return new LonghaulError('already_running', `Longhaul runs on ${path} already: process ${pid}${where}.`);
}

async function endLeftovers(file: string, say: Say): Promise<void> {
  const note = await readNote(file);
  for (const left of note?.processes ?? []) {
    if (!(await isRunning(left))) continue;
    say(`ending ${left.name} (process ${left.pid}), left behind by an earlier run`);
    await endProcess(left, LEFTOVER_GRACE_MS);
  }
}

async function readNote(file: string): Promise<DevNote | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as DevNote;
  } catch {
    return null;
  }
}

async function replace(file: string, note: DevNote): Promise<void> {
  await writeFile(`${file}.next`, JSON.stringify(note, null, 2));
  await rename(`${file}.next`, file);
}
