// `longhaul backup` and `longhaul verify`: start a job, print its id, or stay with it.
import type { BackupSpec, JobSpec, VerifySpec } from '../../core/spec.js';
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

export interface BackupOptions extends StartOptions {
  readonly to: string;
  readonly archive?: string;
  readonly pageSize?: number;
  readonly checkpointSeconds?: number;
  readonly checkpointBytes?: number;
  readonly checkpointPages?: number;
  readonly compression?: 'zstd' | 'gzip' | 'none';
}

export function backup(io: Io, sources: readonly string[], options: BackupOptions): Promise<number> {
  return start(io, backupSpec(sources, options), options);
}

export function verify(io: Io, archive: string, options: StartOptions): Promise<number> {
  return start(io, verifySpec(archive, options), options);
}

export function backupSpec(sources: readonly string[], o: BackupOptions): BackupSpec {
  const checkpoint = given({
    seconds: o.checkpointSeconds,
    bytes: o.checkpointBytes,
    pages: o.checkpointPages,
  });
  const options = given({
    lanes: o.lanes,
    pageSize: o.pageSize,
    compression: o.compression,
    tenant: o.tenant,
    checkpoint: Object.keys(checkpoint).length > 0 ? checkpoint : undefined,
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
