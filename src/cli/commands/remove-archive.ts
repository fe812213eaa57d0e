// `longhaul archives rm`: removes an archive, and waits until it is gone.
import { CliError, EXIT } from '../errors.js';
import type { Client } from '../client.js';
import type { Io } from '../io.js';
import { parseArchive } from '../places.js';
import { type ClientOptions, connect, print } from './common.js';

export async function removeArchive(io: Io, place: string, options: ClientOptions): Promise<number> {
  const { connection, archive } = parseArchive(place);
  const client = await connect(io, options);
  if (!(await client.removeArchive(connection, archive))) await waitFor(client, connection, archive);
  print(io, options, { removed: `${connection}/${archive}` }, [`removed ${connection}/${archive}`]);
  return EXIT.done;
}

/** Each call waits at the API. Once begun, an archive that is missing is one that is gone. */
async function waitFor(client: Client, connection: string, archive: string): Promise<void> {
  try {
    while (!(await client.removeArchive(connection, archive)));
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'archive_missing') throw error;
  }
}
