// What may be known of the connections outside the worker: names, types, limits and stream names. Never an address or a secret.
import type { Window } from '../core/window.js';
import type { Config, ConnectionConfig } from './schema.js';

export interface PublicConnection {
  readonly name: string;
  readonly type: ConnectionConfig['type'];
  /** What jobs can use it for. `sink`: holds archives; `target`: takes what a restore writes. */
  readonly roles: readonly Role[];
  readonly limits: {
    readonly requestsPerSecond?: number;
    readonly concurrency?: number;
    readonly requestsPerDay?: number;
    readonly window?: Window;
  };
  /** The configured streams; null where the source itself says what it has. */
  readonly streams: readonly string[] | null;
}

export type Role = 'source' | 'sink' | 'target';

export function publicConnections(config: Config): PublicConnection[] {
  return Object.entries(config.connections).map(([name, connection]) => ({
    name,
    type: connection.type,
    roles: rolesOf(connection),
    limits: 'limits' in connection ? { ...connection.limits } : {},
    streams: 'streams' in connection && connection.streams ? Object.keys(connection.streams) : null,
  }));
}

function rolesOf(connection: ConnectionConfig): readonly Role[] {
  switch (connection.type) {
    case 'http':
      return Object.values(connection.streams).some(({ write }) => write) ? ['source', 'target'] : ['source'];
    case 'postgres':
      return ['source', 'target'];
    case 'file':
    case 's3':
      // A place of archives is more than that where it has streams of objects.
      return connection.streams ? ['source', 'sink', 'target'] : ['sink'];
  }
}
