// The stores that the web tier reads: of the connectors it knows these alone, since they hold archives and never a source.
import { completed } from '../config/load.js';
import type { Config, ConnectionConfig } from '../config/schema.js';
import { createFileConnection } from '../connectors/file/index.js';
import { createS3Connection } from '../connectors/s3/index.js';
import { LonghaulError } from '../core/errors.js';
import { guess } from '../core/nearest.js';
import type { Connection } from '../core/registry.js';
import type { Store } from '../core/store.js';

/**
 * The store of a connection, lent for as long as the process lives. Throws `connection_unknown`, `connection_unsuitable`,
 * and `config_invalid` where an environment variable that it needs is not set.
 */
export type Stores = (connection: string) => Store | Promise<Store>;

export interface StoresDeps {
  /** Loaded with its references left as they are: those of a store are resolved when it is first used. */
  readonly config: Config;
  readonly configPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function createStores(deps: StoresDeps): Stores {
  const { connections } = deps.config;
  const opened = new Map<string, Store>();
  return (name) => {
    const settings = Object.hasOwn(connections, name) ? connections[name] : undefined;
    if (!settings) throw unknown(name, Object.keys(connections));
    const store = opened.get(name) ?? open(name, settings, deps);
    opened.set(name, store);
    return store;
  };
}

function unknown(name: string, names: readonly string[]): LonghaulError {
  const message = `There is no connection named ${name}.${guess(name, names)}`;
  return new LonghaulError('connection_unknown', message);
}

function open(name: string, config: ConnectionConfig, deps: StoresDeps): Store {
  const { store } = connectionOf(name, config, deps);
  if (store) return store();
  throw new LonghaulError('connection_unsuitable', `Connection ${name} (${config.type}) holds no archives.`);
}

function connectionOf(name: string, config: ConnectionConfig, deps: StoresDeps): Pick<Connection, 'store'> {
  switch (config.type) {
    case 'file':
      return createFileConnection(name, completed(name, config, deps));
    case 's3':
      return createS3Connection(name, completed(name, config, deps));
    case 'http':
    case 'postgres':
    case 'own':
      return {};
  }
}
