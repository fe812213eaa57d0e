// Saves one file below a folder and never beside it: goes on where an earlier try ended, and has it under its name only
// when its hash is right.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobFileView } from '../api/result-contracts.js';
import type { Client } from './client.js';
import { CliError, EXIT } from './errors.js';

/** `there`: it was whole already. */
export type Saved = 'saved' | 'resumed' | 'there';

/** Throws `CliError`: `archive_damaged` where what arrives has another hash, `usage` for a path that would leave the folder. */
export async function saveFile(client: Client, file: JobFileView, root: string): Promise<Saved> {
  const target = await placeOf(root, file.path);
  if (await isWhole(target, file)) return 'there';
  const part = `${target}.part`;
  const begun = await sizeOf(part);
  if (await complete(client, file, part)) return keep(part, target, begun ? 'resumed' : 'saved');
  // What was there is of another file, or was changed.
  await rm(part, { force: true });
  if (begun && (await complete(client, file, part))) return keep(part, target, 'saved');
  await rm(part, { force: true });
  throw new CliError(
    'archive_damaged',
    `${file.path} did not arrive as it is listed: its sha256 is another`,
    {
      exit: EXIT.failed,
      hint: 'Try again. If it stays so, `longhaul verify` says what is damaged.',
    },
  );
}

async function keep(part: string, target: string, how: Saved): Promise<Saved> {
  await rename(part, target);
  return how;
}

/** The file's place, its folders made. No folder on the way may be a link, which could lead anywhere. */
async function placeOf(root: string, path: string): Promise<string> {
  const parts = path.split('/');
  if (!parts.every(isPlain)) throw outside(path);
  await mkdir(root, { recursive: true });
  let folder = root;
  for (const part of parts.slice(0, -1)) {
    folder = join(folder, part);
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (!(await lstat(folder)).isDirectory()) throw outside(path);
  }
  return join(folder, parts.at(-1)!);
}

function isPlain(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !/[\0\\:]/.test(part);
}

function outside(path: string): CliError {
  return new CliError('usage', `${JSON.stringify(path)} would be saved outside of the folder`, {
    exit: EXIT.usage,
    hint: 'Name another folder with --out.',
  });
}

async function isWhole(target: string, file: JobFileView): Promise<boolean> {
  if ((await sizeOf(target)) !== file.bytes) return false;
  const hash = createHash('sha256');
  await feed(hash, target);
  return hash.digest('hex') === file.sha256;
}

/** 0 for what is no file. */
async function sizeOf(path: string): Promise<number | null> {
  const found = await lstat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

/** What is on disk so far, and its hash. */
interface Part {
  readonly handle: FileHandle;
  hash: Hash;
  bytes: number;
}

/** Fetches what is missing of the part. Whether it then is the file. */
async function complete(client: Client, file: JobFileView, path: string): Promise<boolean> {
  const { O_CREAT, O_WRONLY, O_APPEND, O_NOFOLLOW } = constants;
  const handle = await open(path, O_CREAT | O_WRONLY | O_APPEND | O_NOFOLLOW);
  try {
    const part: Part = { handle, hash: createHash('sha256'), bytes: (await handle.stat()).size };
    if (part.bytes > file.bytes) return false;
    await feed(part.hash, path);
    await fetchRest(client, file, part);
    await handle.sync();
    return part.hash.digest('hex') === file.sha256;
  } finally {
    await handle.close();
  }
}

/** A connection that breaks is taken up again as long as each brings something. */
async function fetchRest(client: Client, file: JobFileView, part: Part): Promise<void> {
  while (part.bytes < file.bytes) {
    const before = part.bytes;
    try {
      await fetchOnce(client, file, part);
    } catch (error) {
      // fetch tells of a broken connection by this type.
      if (!(error instanceof TypeError)) throw error;
    }
    if (part.bytes <= before) throw cutShort(file);
  }
}

async function fetchOnce(client: Client, file: JobFileView, part: Part): Promise<void> {
  const { start, bytes } = await client.download(file, part.bytes);
  if (start !== part.bytes) {
    await part.handle.truncate(0);
    part.hash = createHash('sha256');
    part.bytes = 0;
  }
  for await (const chunk of bytes) {
    await part.handle.writeFile(chunk);
    part.hash.update(chunk);
    part.bytes += chunk.length;
  }
}

function cutShort({ path }: JobFileView): CliError {
  return new CliError('api_unreachable', `the download of ${path} ended early`, {
    exit: EXIT.unreachable,
    hint: 'Call the same again: it goes on where this one ended.',
  });
}

async function feed(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
}
