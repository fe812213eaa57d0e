// One connection to PostgreSQL for the length of some work.
import { Client, type ClientConfig } from 'pg';

/** Rejects with what the work meets, or the connecting. */
export async function withClient<T>(
  config: string | ClientConfig,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(config);
  // A server that dies while nothing is asked of it: the next query says so, and nobody else has to hear it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
