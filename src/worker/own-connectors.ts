// Loads the connectors of one's own that the config names, and lets them check their connections.
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BUILT_IN_TYPES, type Config } from '../config/schema.js';
import type { OwnConnection } from '../config/own.js';
import type { Connector, Made } from '../core/definition.js';
import type { Fault } from '../core/faults.js';
import { nearest } from '../core/nearest.js';

/** By the name of the connection. */
export type Makers = ReadonlyMap<string, (name: string) => Made>;

export interface OwnConnectors {
  /** Filled by `inspect`. */
  readonly makers: Makers;
  /** What is wrong with modules and settings. Reaches no source. */
  readonly inspect: (config: Config) => Promise<Fault[]>;
}

/** Relative paths of modules are taken from the folder of the config file. */
export function createOwnConnectors(configPath: string): OwnConnectors {
  const makers = new Map<string, (name: string) => Made>();
  return {
    makers,
    async inspect({ connectors: modules = [], connections }) {
      const byType = new Map<string, Connector>();
      const faults = await loadAll(modules, dirname(resolve(configPath)), byType);
      if (faults.length > 0) return faults;
      for (const [name, connection] of Object.entries(connections)) {
        if (connection.type !== 'own') continue;
        faults.push(...(await prepare(name, connection, byType, makers)));
      }
      return faults;
    },
  };
}

async function loadAll(
  modules: readonly string[],
  folder: string,
  byType: Map<string, Connector>,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const [index, module] of modules.entries()) {
    const message = await load(resolve(folder, module), byType).catch(
      (error: unknown) => `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    );
    if (message !== null) faults.push({ path: ['connectors', index], message });
  }
  return faults;
}

/** null, or what is wrong with the module. */
async function load(path: string, byType: Map<string, Connector>): Promise<string | null> {
  const found = await importDefault(path);
  if (!isConnector(found)) return 'its default export is not what `defineConnector` gives';
  const { type } = found;
  if (BUILT_IN_TYPES.includes(type)) return `its type, ${type}, is that of a built-in connector`;
  if (byType.has(type)) return `its type, ${type}, is that of another module as well`;
  byType.set(type, found);
  return null;
}

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

async function importDefault(path: string): Promise<unknown> {
  if (!TYPESCRIPT.has(extname(path))) {
    return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  }
  const { createJiti } = await import('jiti');
  // Longhaul itself comes from Node: its errors are told by their class.
  return createJiti(import.meta.url, { nativeModules: ['longhaul'] }).import(path, { default: true });
}

function isConnector(value: unknown): value is Connector {
  const { type, prepare } = (value ?? {}) as Partial<Connector>;
  return typeof type === 'string' && typeof prepare === 'function';
}

async function prepare(
  name: string,
  { connector: type, settings }: OwnConnection,
  byType: ReadonlyMap<string, Connector>,
  makers: Map<string, (name: string) => Made>,
): Promise<Fault[]> {
  const connector = byType.get(type);
  if (!connector) return [{ path: ['connections', name, 'type'], message: noSuchType(type, byType) }];
  const prepared = await connector.prepare(settings);
  if (!prepared.ok) {
    return prepared.faults.map(({ path, message }) => ({ path: ['connections', name, ...path], message }));
  }
  makers.set(name, prepared.value);
  return [];
}

function noSuchType(type: string, byType: ReadonlyMap<string, Connector>): string {
  const types = [...BUILT_IN_TYPES, ...byType.keys()];
  const meant = nearest(type, types);
  return `no connector has this type; ${meant === null ? '' : `did you mean ${meant}? `}there are: ${types.join(', ')}`;
}
