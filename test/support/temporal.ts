// A test's own corner of the run's Temporal server: a fresh namespace that knows the search attributes, so that tests
// which share task queue names and job ids do not meet.
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { inject } from 'vitest';
import { loadDeclaration } from '../../src/dev/declaration.js';
import { ensureNamespace } from '../../src/dev/registration.js';

export interface TestTemporal {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  readonly connection: Connection;
  /** For workers. */
  readonly nativeConnection: NativeConnection;
  close(): Promise<void>;
}

/** Takes about 50 ms. Close it when the test is over, after its workers. */
export async function openTemporal(): Promise<TestTemporal> {
  const address = inject('temporalAddress');
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  await ensureNamespace(connection, { ...(await loadDeclaration()), namespace });
  const nativeConnection = await NativeConnection.connect({ address });
  return {
    address,
    namespace,
    connection,
    nativeConnection,
    client: new Client({ connection, namespace }),
    close: async () => {
      await nativeConnection.close();
      await connection.close();
    },
  };
}
