// What the sides of a job are opened on.
import type { Sink, Source } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { Connection } from '../../core/registry.js';
import type { Store } from '../../core/store.js';

/** What a job reads and writes: what kinds differ in. */
export interface Sides {
  readonly source: Source;
  readonly sink: Sink;
  /** Those that hold for the job: of the connection that is read, or that a restore writes to. */
  readonly limits: Connection['limits'];
}

/** Throws `connection_unsuitable`. */
export function storeOf(connection: Connection): Store {
  if (!connection.store) throw unsuitable(connection, 'place of an archive');
  return connection.store();
}

export function unsuitable({ name, type }: Connection, role: string): LonghaulError {
  return new LonghaulError('connection_unsuitable', `Connection ${name} (${type}) cannot be the ${role}.`);
}
