// Folders full of files for tests, and what they hold as one comparable text.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';

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
  const lines = await Promise.all(
    files.map((entry) => lineOf(folder, path.join(entry.parentPath, entry.name))),
  );
  return lines.toSorted();
}

async function lineOf(folder: string, file: string): Promise<string> {
  const { mtimeMs, mode } = await stat(file);
  const bytes = await readFile(file);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const name = JSON.stringify(path.relative(folder, file));
  return `${name} ${bytes.length} ${hash} ${(mode & 0o777).toString(8)} ${Math.round(mtimeMs)}`;
}
