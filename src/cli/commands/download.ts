// `longhaul download`: files of a job into a folder, each checked against its hash.
import type { JobFileView } from '../../api/result-contracts.js';
import type { Client } from '../client.js';
import { CliError, EXIT } from '../errors.js';
import { bytes } from '../format.js';
import type { Io } from '../io.js';
import { type Saved, saveFile } from '../save.js';
import { type ClientOptions, connect } from './common.js';

export interface DownloadOptions extends ClientOptions {
  readonly out?: string;
}

const SAID: Readonly<Record<Saved, string>> = {
  saved: 'saved',
  resumed: 'saved, from where an earlier try ended',
  there: 'there already',
};

export async function download(
  io: Io,
  id: string,
  paths: readonly string[],
  options: DownloadOptions,
): Promise<number> {
  const client = await connect(io, options);
  const out = options.out ?? id;
  const saved: { path: string; bytes: number; sha256: string; state: Saved }[] = [];
  for await (const file of chosen(client, id, paths)) {
    const state = await saveFile(client, file, out);
    io.err(`${file.path} ${SAID[state]} (${bytes(file.bytes)})`);
    if (!options.json) io.out(`${out}/${file.path}`);
    else saved.push({ path: file.path, bytes: file.bytes, sha256: file.sha256, state });
  }
  if (options.json) io.out(JSON.stringify({ out, files: saved }));
  return EXIT.done;
}

/** All files, or those that are named or lie in a folder that is. Throws for a name that is neither. */
async function* chosen(client: Client, id: string, paths: readonly string[]): AsyncGenerator<JobFileView> {
  const wanted = paths.map((path) => path.replace(/\/+$/, ''));
  const missing = new Set(wanted);
  for await (const file of allFiles(client, id)) {
    const by = wanted.filter((path) => file.path === path || file.path.startsWith(`${path}/`));
    for (const path of by) missing.delete(path);
    if (by.length > 0 || wanted.length === 0) yield file;
  }
  if (missing.size === 0) return;
  throw new CliError('file_unknown', `the job has no file ${[...missing].join(', ')}`, {
    exit: EXIT.usage,
    hint: `See the files there are: longhaul files ${id}`,
  });
}

async function* allFiles(client: Client, id: string): AsyncGenerator<JobFileView> {
  let cursor: string | undefined;
  do {
    const page = await client.files(id, { limit: 1_000, cursor });
    yield* page.files;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}
