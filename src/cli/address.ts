// Where the API is: said by the caller, or left behind by a running `longhaul dev`, or the default.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from './errors.js';

export interface Address {
  readonly url: string;
  /** Where the address was taken from, for messages. */
  readonly from: string;
}

/** What `longhaul dev` leaves in its data folder while it runs. */
export interface DevFile {
  readonly api: string;
  readonly webUi: string;
  /** host:port */
  readonly temporal: string;
  readonly pids: { readonly temporal: number; readonly api: number; readonly workers: readonly number[] };
}

export const DEFAULT_DATA_DIR = '.longhaul';
const DEFAULT_API = 'http://127.0.0.1:8400';

interface Asked {
  readonly api?: string;
  readonly dataDir?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Throws a usage error for what is no address. */
export async function findApi(asked: Asked): Promise<Address> {
  const found = await namedApi(asked);
  if (/^https?:\/\//.test(found.url) && URL.canParse(found.url)) return found;
  throw usageError(
    `"${found.url}", from ${found.from}, is no address of an API`,
    `Write it with its scheme, like ${DEFAULT_API}.`,
  );
}

async function namedApi(options: Asked): Promise<Address> {
  if (options.api) return { url: options.api, from: '--api' };
  if (options.env['LONGHAUL_API']) return { url: options.env['LONGHAUL_API'], from: 'LONGHAUL_API' };
  const dataDir = options.dataDir ?? DEFAULT_DATA_DIR;
  const dev = await readDevFile(dataDir);
  if (dev) return { url: dev.api, from: join(dataDir, 'dev.json') };
  return { url: DEFAULT_API, from: 'the default' };
}

/** Null where no `longhaul dev` left one, or where it is being written. */
export async function readDevFile(dataDir: string): Promise<DevFile | null> {
  try {
    const dev = JSON.parse(await readFile(join(dataDir, 'dev.json'), 'utf8')) as DevFile;
    return typeof dev.api === 'string' ? dev : null;
  } catch {
    return null;
  }
}
