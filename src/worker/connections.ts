// The connectors there are, and the configured connections made from them. The only list of built-in types in the code.
import type { Config, ConnectionConfig } from '../config/schema.js';
import { createFileConnection } from '../connectors/file/index.js';
import { createHttpConnection } from '../connectors/http/index.js';
import { createPostgresConnection } from '../connectors/postgres/index.js';
import { createS3Connection } from '../connectors/s3/index.js';
import { LonghaulError } from '../core/errors.js';
import type { Connection, Connections } from '../core/registry.js';
import type { Makers } from './own-connectors.js';

function createConnection(name: string, config: ConnectionConfig, makers: Makers): Connection {
  switch (config.type) {
    case 'http':
      return createHttpConnection(name, config);
    case 'postgres':
      return createPostgresConnection(name, config);
    case 'file':
      return createFileConnection(name, config);
    case 's3':
      return createS3Connection(name, config);
    case 'own':
      return { name, type: config.connector, limits: config.limits, ...makers.get(name)!(name) };
  }
}

/** One object a connection for the life of the process, so that its rate limit holds for all jobs of this worker. */
export function createConnections(config: Config, makers: Makers): Connections {
  const made = new Map<string, Connection>();
  return (name) => {
    const settings = Object.hasOwn(config.connections, name) ? config.connections[name] : undefined;
    if (!settings) throw new LonghaulError('connection_unknown', `There is no connection named ${name}.`);
    const connection = made.get(name) ?? createConnection(name, settings, makers);
    made.set(name, connection);
    return connection;
  };
}
