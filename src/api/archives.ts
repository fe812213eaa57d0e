// Lists and shows what was sealed in the stores.
import { z } from 'zod';
import type { PublicConnection } from '../config/public.js';
import { LonghaulError } from '../core/errors.js';
import type { Store } from '../core/store.js';
import type { ArchivePage, ArchiveQuery, ArchiveView } from './archive-contracts.js';
import { decodeCursor, encodeCursor } from './cursors.js';
import { NothingThere, RequestFaults } from './problems.js';
import { sealedAt, sealedBelow, type Sealed } from './sealed.js';
import type { Stores } from './stores.js';
import { isReachable } from './tenants.js';

const DEFAULT_LIMIT = 50;
const STREAMS_LISTED = 50;

export interface ArchivesDeps {
  readonly connections: readonly PublicConnection[];
  readonly stores: Stores;
}

/** Where a page ended. `path` null: the store could not be read. */
const placeSchema = z.object({ connection: z.string(), path: z.string().nullable() });
type Place = z.infer<typeof placeSchema>;

type Item =
  | { readonly connection: string; readonly sealed: Sealed }
  | { readonly connection: string; readonly error: LonghaulError };

/**
 * By connection, then by path; those that are there for a tenant. Throws `request_invalid` for a cursor that no page gave, `connection_unknown`,
 * `connection_unsuitable`, and what the store throws where one is named; among all stores it becomes part of the list.
 */
export async function listArchives(
  deps: ArchivesDeps,
  asked: ArchiveQuery,
  tenant: string | null,
): Promise<ArchivePage> {
  const { limit = DEFAULT_LIMIT, cursor, prefix = tenant ?? undefined } = asked;
  const query = { ...asked, prefix };
  const after = cursor === undefined ? null : decodeCursor(cursor, placeSchema);
  const page: ArchivePage = { archives: [], unreadable: [], next: null };
  if (prefix !== undefined && !isReachable(`${prefix}/`, tenant)) return page;
  let last: Place | null = null;
  for await (const item of itemsAfter(deps, query, after)) {
    // The tenant's folder itself is an archive of somebody else.
    if ('sealed' in item && !isReachable(item.sealed.path, tenant)) continue;
    const full = page.archives.length + page.unreadable.length === limit;
    if (full) return { ...page, next: encodeCursor(last) };
    add(page, item);
    last = { connection: item.connection, path: 'sealed' in item ? item.sealed.path : null };
  }
  return page;
}

async function* itemsAfter(
  deps: ArchivesDeps,
  query: ArchiveQuery,
  after: Place | null,
): AsyncGenerator<Item> {
  for (const connection of storesOf(deps, query)) {
    if (after && connection < after.connection) continue;
    const own = after?.connection === connection ? after : null;
    if (own && own.path === null) continue;
    try {
      const store = await deps.stores(connection);
      const found = sealedBelow(store, query.prefix ?? '', own?.path ?? null);
      for await (const sealed of found) yield { connection, sealed };
    } catch (error) {
      if (query.connection !== undefined || !(error instanceof LonghaulError)) throw error;
      yield { connection, error };
    }
  }
}

function storesOf({ connections }: ArchivesDeps, { connection }: ArchiveQuery): string[] {
  if (connection === undefined) {
    return connections.flatMap(({ name, roles }) => (roles.includes('sink') ? [name] : [])).toSorted();
  }
  const known = connections.find(({ name }) => name === connection);
  if (known && !known.roles.includes('sink')) {
    throw new RequestFaults('connection_unsuitable', [
      { path: ['connection'], message: 'holds no archives' },
    ]);
  }
  return [connection];
}

function add(page: ArchivePage, item: Item): void {
  const { connection } = item;
  const error = 'sealed' in item ? ('error' in item.sealed ? item.sealed.error : null) : item.error;
  if (error) {
    const { code, message, hint } = error;
    const path = 'sealed' in item ? item.sealed.path : null;
    page.unreadable.push({ connection, path, code, message, hint });
  } else if ('sealed' in item) {
    const view = viewOf(connection, item.sealed);
    page.archives.push({ ...view, streams: view.streams.slice(0, STREAMS_LISTED) });
  }
}

/** With all its streams; null: there is none. Throws `archive_damaged`, `archive_unsupported`, and what the store throws. */
export async function showArchive(
  stores: Stores,
  connection: string,
  path: string,
): Promise<ArchiveView | null> {
  const store = await open(stores, connection).catch(nothingThere);
  const sealed = await sealedAt(store, path);
  return sealed && viewOf(connection, sealed);
}

/** `stores` may throw at once. */
async function open(stores: Stores, connection: string): Promise<Store> {
  return stores(connection);
}

/** The path of the request names the connection: one that never holds archives is not there to be looked into. */
function nothingThere(error: unknown): never {
  if (!(error instanceof LonghaulError) || error.code !== 'connection_unsuitable') throw error;
  throw new NothingThere(error.code, error.message);
}

function viewOf(connection: string, sealed: Sealed): ArchiveView {
  if ('error' in sealed) throw sealed.error;
  const { path } = sealed;
  const { facts, streams, ...rest } = 'manifest' in sealed ? ofArchive(sealed) : ofExport(sealed);
  const { id, job, createdAt, completedAt, source } = facts;
  const sum = (field: 'records' | 'storedBytes' | 'segments') =>
    streams.reduce((total, stream) => total + stream[field], 0);
  return {
    ...rest,
    connection,
    path,
    id,
    job,
    createdAt,
    completedAt,
    source,
    records: sum('records'),
    storedBytes: sum('storedBytes'),
    segments: sum('segments'),
    streams,
    streamsTotal: streams.length,
  };
}

function ofArchive({ manifest }: Extract<Sealed, { manifest: unknown }>) {
  const streams: ArchiveView['streams'] = manifest.streams.map(
    ({ name, records, bytes, storedBytes, segments }) => ({ name, records, bytes, storedBytes, segments }),
  );
  const bytes = manifest.streams.reduce((total, stream) => total + stream.bytes, 0);
  const { compression } = manifest;
  return { kind: 'archive' as const, facts: manifest, format: null, compression, bytes, streams };
}

function ofExport({ exported }: Extract<Sealed, { exported: unknown }>) {
  const streams: ArchiveView['streams'] = exported.streams.map(({ name, records, files }) => {
    const storedBytes = files.reduce((total, file) => total + file.bytes, 0);
    return { name, records, bytes: null, storedBytes, segments: files.length };
  });
  return { kind: 'export' as const, facts: exported, ...exported.as, bytes: null, streams };
}
