// From the options of a command to the spec of the job that it starts. Pure.
import type { BackupSpec, CopySpec, ExportSpec, RestoreSpec, VerifySpec } from '../core/spec.js';
import type { ClientOptions } from './commands/common.js';
import { usageError } from './errors.js';
import { parseAgainst, parseArchive, parseRemap, parseSink, parseSource } from './places.js';

export interface StartOptions extends ClientOptions {
  readonly lanes?: number;
  readonly tenant?: string;
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
}

type Checkpoint = NonNullable<NonNullable<RestoreSpec['options']>['checkpoint']>;

interface MovingOptions extends StartOptions {
  readonly to: string;
  readonly checkpointSeconds?: number;
  readonly checkpointBytes?: number;
  readonly checkpointPages?: number;
  readonly rejectsMax?: number;
}

interface ArchiveOptions {
  readonly stream?: readonly string[];
  readonly skipDamaged?: boolean;
}

type Compression = 'zstd' | 'gzip' | 'none';

export interface BackupOptions extends MovingOptions {
  readonly archive?: string;
  readonly pageSize?: number;
  readonly compression?: Compression;
  readonly base?: string;
}

export interface ExportOptions extends MovingOptions, ArchiveOptions {
  readonly archive?: string;
  readonly name?: string;
  readonly format: 'jsonl' | 'csv' | 'parquet';
  readonly fileBytes?: number;
  readonly pageSize?: number;
  readonly compression?: Compression;
}

export interface RestoreOptions extends MovingOptions, ArchiveOptions {
  readonly mode?: 'insert' | 'upsert';
  readonly create?: boolean;
  readonly keyFrom?: string;
  readonly keyTo?: string;
  readonly remap?: readonly string[];
  readonly dryRun?: boolean;
}

export interface CopyOptions extends MovingOptions {
  readonly mode?: 'insert' | 'upsert';
  readonly pageSize?: number;
}

export interface VerifyOptions extends StartOptions {
  readonly stream?: readonly string[];
  readonly against?: string;
  readonly sample?: string;
}

export function backupSpec(sources: readonly string[], o: BackupOptions): BackupSpec {
  const { pageSize, compression } = o;
  const sink = parseSink(o.to);
  const base = o.base === undefined ? undefined : parseBase(o.base, sink.connection);
  return {
    kind: 'backup',
    source: parseSource(sources),
    sink: { ...sink, ...given({ archive: o.archive }) },
    options: { ...movingOptions(o), ...given({ pageSize, compression, base }) },
  };
}

function parseBase(place: string, sink: string): string {
  const { connection, archive } = parseArchive(place);
  if (connection === sink) return archive;
  throw usageError(`the base ${place} is not in ${sink}`, 'Name an archive in the connection of `--to`.');
}

/** `archive`: SINK/ARCHIVE, in place of sources. */
export function exportSpec(sources: readonly string[], archive: string | null, o: ExportOptions): ExportSpec {
  const { format, fileBytes, pageSize, compression, skipDamaged } = o;
  const from = archive === null ? parseSource(sources) : parseArchive(archive);
  const { streams = [] } = from as { streams?: string[] };
  const all = [...new Set([...streams, ...(o.stream ?? [])])];
  return {
    kind: 'export',
    source: { ...from, ...(all.length > 0 && { streams: all }) },
    sink: { ...parseSink(o.to), ...given({ name: o.name }) },
    options: { ...movingOptions(o), format, ...given({ fileBytes, pageSize, compression, skipDamaged }) },
  };
}

export function restoreSpec(archive: string, o: RestoreOptions): RestoreSpec {
  const { mode, create, skipDamaged, dryRun } = o;
  return {
    kind: 'restore',
    source: { ...parseArchive(archive), ...given({ streams: streamsOf(o), keys: keysOf(o) }) },
    sink: { connection: o.to, ...given({ mode, create }) },
    options: {
      ...movingOptions(o),
      ...given({ skipDamaged, remap: o.remap && parseRemap(o.remap), dryRun }),
    },
  };
}

export function copySpec(sources: readonly string[], o: CopyOptions): CopySpec {
  const { mode, pageSize } = o;
  return {
    kind: 'copy',
    source: parseSource(sources),
    sink: { connection: o.to, ...given({ mode }) },
    options: { ...movingOptions(o), ...given({ pageSize }) },
  };
}

export function verifySpec(archive: string, o: VerifyOptions): VerifySpec {
  const { lanes, tenant, sample } = o;
  const against = o.against === undefined ? undefined : parseAgainst(o.against);
  return {
    kind: 'verify',
    source: { ...parseArchive(archive), ...given({ streams: streamsOf(o) }) },
    options: given({ lanes, tenant, against, sample }),
  };
}

function streamsOf({ stream }: Pick<ArchiveOptions, 'stream'>): string[] | undefined {
  return stream && [...new Set(stream)];
}

/** Texts, as numbers of a key may be written: of a double not all digits would arrive. */
function keysOf({ keyFrom, keyTo, stream }: RestoreOptions): RestoreSpec['source']['keys'] {
  if (keyFrom === undefined && keyTo === undefined) return undefined;
  if (stream?.length !== 1) {
    throw usageError('--key-from and --key-to pick records of one stream', 'Name it with one --stream.');
  }
  return given({ from: keyFrom?.split(','), to: keyTo?.split(',') });
}

function movingOptions(o: MovingOptions) {
  const { lanes, tenant, rejectsMax } = o;
  const rejects = rejectsMax === undefined ? undefined : { max: rejectsMax };
  return given({ lanes, tenant, checkpoint: checkpointOf(o), rejects });
}

function checkpointOf(o: MovingOptions): Checkpoint | undefined {
  const checkpoint = given({
    seconds: o.checkpointSeconds,
    bytes: o.checkpointBytes,
    pages: o.checkpointPages,
  });
  return Object.keys(checkpoint).length > 0 ? checkpoint : undefined;
}

/** Without the fields that were not given. */
export function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}
