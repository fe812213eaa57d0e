// Folders full of files for tests, and what they hold as one comparable text.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inTurns } from './in-turns.js';

export type Files = Readonly<Record<string, string | Buffer>>;

export async function writeFiles(folder: string, files: Files): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o640 });
    await utimes(file, 1_700_000_000.25, 1_700_000_000.25);
  }
}

/** Path, size, hash, mode and time of each file, sorted. */
export async function treeOf(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => !entry.isDirectory());
  const lines: string[] = [];
  await inTurns(
    files,
    async (entry) => void lines.push(await lineOf(folder, path.join(entry.parentPath, entry.name))),
  );
  return lines.toSorted();
}

async function lineOf(folder: string, file: string): Promise<string> {
  const { mtimeMs, mode, size } = await stat(file);
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file)) hash.update(bytes as Buffer);
  const name = JSON.stringify(path.relative(folder, file));
  return `${name} ${size} ${hash.digest('hex')} ${(mode & 0o777).toString(8)} ${Math.round(mtimeMs)}`;
}
