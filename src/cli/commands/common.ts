// What all commands that talk to the API share.
import { findApi } from '../address.js';
import { type Client, createClient } from '../client.js';
import { usageError } from '../errors.js';
import type { Io } from '../io.js';

export interface ClientOptions {
  readonly api?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

export async function connect(io: Io, options: ClientOptions): Promise<Client> {
  return createClient(
    await findApi({
      env: io.env,
      ...(options.api ? { api: options.api } : {}),
      ...(options.dataDir ? { dataDir: options.dataDir } : {}),
    }),
    keyOf(io),
  );
}

/** Never an option: what is on a command line is seen by all users of the machine. */
function keyOf({ env }: Io): string | null {
  const key = env['LONGHAUL_API_KEY']?.trim() ?? '';
  if (/^[\x21-\x7e]*$/.test(key)) return key === '' ? null : key;
  throw usageError(
    'LONGHAUL_API_KEY is no key',
    'Set it to what `longhaul keys add` printed, and nothing else.',
  );
}

/** Prints data: one JSON document, or the lines. */
export function print(io: Io, options: ClientOptions, data: unknown, lines: readonly string[]): void {
  if (options.json) io.out(JSON.stringify(data));
  else for (const line of lines) io.out(line);
}
