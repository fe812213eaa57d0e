import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataFolder } from '../../src/dev/data-folder.js';
import type { DataFolder, DevNote } from '../../src/dev/data-folder.js';
import { markOf } from '../../src/dev/processes.js';
import { alive, end, start } from '../support/processes.js';
import type { Started } from '../support/processes.js';

const NOTE: DevNote = {
  api: 'http://127.0.0.1:1',
  webUi: 'http://127.0.0.1:2',
  temporal: '127.0.0.1:3',
  pids: { temporal: 1, api: 2, workers: [3] },
  processes: [],
};

let folder: string;
let said: string[];
let opened: DataFolder | undefined;
let left: Started;
const open = async (): Promise<DataFolder> =>
  (opened = await openDataFolder(folder, (line) => void said.push(line)));
const noteFile = (): string => join(folder, 'dev.json');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longhaul-data-'));
  said = [];
  left = start(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
});
afterEach(async () => {
  await end(left, 'SIGKILL');
  await opened?.release();
  await rm(folder, { recursive: true });
});

describe('the data folder', () => {
  it('ends what a killed launcher left running, and says so', async () => {
    const mark = await markOf(left.pid);
    await writeFile(noteFile(), JSON.stringify({ ...NOTE, processes: [{ name: 'temporal', ...mark }] }));
    await open();
    expect(await alive(left.pid)).toBe(false);
    expect(said).toEqual([`ending temporal (process ${left.pid}), left behind by an earlier run`]);
  });

  it('spares a process that has the pid of a noted one but is another', async () => {
    const stranger = { name: 'temporal', pid: left.pid, started: 'before' };
    await writeFile(noteFile(), JSON.stringify({ ...NOTE, processes: [stranger] }));
    await open();
    expect(await alive(left.pid)).toBe(true);
    expect(said).toEqual([]);
  });

  it('holds the last of several notes made at once, and none after its release', async () => {
    const data = await open();
    await Promise.all([1, 2, 3].map((temporal) => data.note({ ...NOTE, pids: { ...NOTE.pids, temporal } })));
    expect(JSON.parse(await readFile(noteFile(), 'utf8'))).toMatchObject({ pids: { temporal: 3 } });
    await data.release();
    await expect(readFile(noteFile())).rejects.toThrow('ENOENT');
  });

  it('lets one launcher in at a time', async () => {
    const data = await open();
    await data.note(NOTE);
    await expect(openDataFolder(folder, () => {})).rejects.toMatchObject({
      code: 'already_running',
      message: `Longhaul runs on ${folder} already: process ${process.pid}, API ${NOTE.api}.`,
    });
    await data.release();
    await open();
  });

  it('is named in the error where it cannot be made', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(openDataFolder(join(file, 'data'), () => {})).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining(file) as string,
    });
  });
});
