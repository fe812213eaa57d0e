// `longhaul backup`, `longhaul restore` and `longhaul verify`: start a job, print its id, or stay with it.
import type { BackupSpec, JobSpec, RestoreSpec, VerifySpec } from '../../core/spec.js';
import { EXIT } from '../errors.js';
import type { Io } from '../io.js';
import { parseArchive, parseSink, parseSource } from '../places.js';
import { waitFor } from '../wait.js';
import { type ClientOptions, connect, print } from './common.js';

export interface StartOptions extends ClientOptions {
  readonly lanes?: number;
  readonly tenant?: string;
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
}

type Checkpoint = NonNullable<NonNullable<RestoreSpec['options']>['checkpoint']>;

interface CheckpointOptions {
  readonly checkpointSeconds?: number;
  readonly checkpointBytes?: number;
  readonly checkpointPages?: number;
}

export interface BackupOptions extends StartOptions, CheckpointOptions {
  readonly to: string;
  readonly archive?: string;
  readonly pageSize?: number;
  readonly compression?: 'zstd' | 'gzip' | 'none';
}

export interface RestoreOptions extends StartOptions, CheckpointOptions {
  readonly to: string;
  readonly stream?: readonly string[];
  readonly mode?: 'insert' | 'upsert';
  readonly create?: boolean;
}

export function backup(io: Io, sources: readonly string[], options: BackupOptions): Promise<number> {
  return start(io, backupSpec(sources, options), options);
}

export function verify(io: Io, archive: string, options: StartOptions): Promise<number> {
  return start(io, verifySpec(archive, options), options);
}

export function restore(io: Io, archive: string, options: RestoreOptions): Promise<number> {
  return start(io, restoreSpec(archive, options), options);
}

export function backupSpec(sources: readonly string[], o: BackupOptions): BackupSpec {
  const options = given({
    lanes: o.lanes,
    pageSize: o.pageSize,
    compression: o.compression,
    tenant: o.tenant,
    checkpoint: checkpointOf(o),
  });
  return {
    kind: 'backup',
    source: parseSource(sources),
    sink: { ...parseSink(o.to), ...given({ archive: o.archive }) },
    options,
  };
}

function verifySpec(archive: string, o: StartOptions): VerifySpec {
  return {
    kind: 'verify',
    source: parseArchive(archive),
    options: given({ lanes: o.lanes, tenant: o.tenant }),
  };
}

function restoreSpec(archive: string, o: RestoreOptions): RestoreSpec {
  const streams = o.stream && [...new Set(o.stream)];
  return {
    kind: 'restore',
    source: { ...parseArchive(archive), ...given({ streams }) },
    sink: { connection: o.to, ...given({ mode: o.mode, create: o.create }) },
    options: given({ lanes: o.lanes, tenant: o.tenant, checkpoint: checkpointOf(o) }),
  };
}

function checkpointOf(o: CheckpointOptions): Checkpoint | undefined {
  const checkpoint = given({
    seconds: o.checkpointSeconds,
    bytes: o.checkpointBytes,
    pages: o.checkpointPages,
  });
  return Object.keys(checkpoint).length > 0 ? checkpoint : undefined;
}

async function start(io: Io, spec: JobSpec, options: StartOptions): Promise<number> {
  const client = await connect(io, options);
  const job = await client.start(spec, options.idempotencyKey);
  if (!options.wait) {
    print(io, options, job, [job.id]);
    return EXIT.done;
  }
  io.err(job.id);
  return waitFor(io, client, job.id, options);
}

/** Without the fields that were not given. */
function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}
