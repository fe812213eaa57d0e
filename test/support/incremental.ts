// Backups of objects on bases in this process, by the engine's own sides, plan and chunk; and what can be done with them.
import { openBackup } from '../../src/activities/sides/backup.js';
import { openVerify } from '../../src/activities/sides/verify.js';
import type { CheckpointPolicy } from '../../src/activities/flush-policy.js';
import { createRejectsLog } from '../../src/archive/rejects.js';
import { createArchiveSource } from '../../src/archive/source.js';
import { systemClock } from '../../src/activities/clock.js';
import type { ActivityDeps } from '../../src/activities/deps.js';
import type { Context, SealSummary, Source } from '../../src/core/connector.js';
import type { Connection } from '../../src/core/registry.js';
import type { BackupSpec } from '../../src/core/spec.js';
import { sinkOptions } from './objects.js';
import { testContext } from './reading.js';
import { runWhole } from './restoring.js';

export interface Incremental {
  /** Backs `from` up into an archive of that name. `reads`: requests of its source but for listing. */
  backUp(archive: string, options?: BackUpOptions): Promise<SealSummary & { readonly reads: number }>;
  /** As a cancel does, of a backup that did not come to its end. */
  giveUp(archive: string, options?: BackUpOptions): Promise<void>;
  /** `skip`: what is damaged is left out. */
  restore(archive: string, to: Connection, onDamage?: 'fail' | 'skip'): Promise<SealSummary>;
  verify(archive: string): Promise<SealSummary>;
}

export interface BackUpOptions {
  readonly base?: string;
  readonly compression?: 'zstd' | 'gzip' | 'none';
  readonly policy?: Partial<CheckpointPolicy>;
  readonly lanes?: number;
}

/** `vault` holds the archives. */
export function incremental(from: Connection, vault: Connection): Incremental {
  let reads = 0;
  const counted: Connection = { ...from, source: (options) => counting(from.source!(options)) };
  const counting = (source: Source): Source => ({
    ...source,
    read: (ctx, ...rest) => source.read({ ...ctx, meter: counter(ctx) }, ...rest),
  });
  const counter = ({ meter }: Context): Context['meter'] => ({ ...meter, request: () => void (reads += 1) });
  const deps: ActivityDeps = {
    connections: (name) => (name === vault.name ? vault : counted),
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined },
    version: '0',
  };
  const specOf = (archive: string, { base, compression, lanes }: BackUpOptions): BackupSpec => ({
    kind: 'backup',
    source: { connection: from.name },
    sink: { connection: vault.name, archive },
    options: { base, compression, lanes },
  });
  const opened = (archive: string, spec: BackupSpec) =>
    openBackup(deps, { id: `job-${archive}`, spec, createdAt: '2026-01-02T03:04:05.000Z' }, spec);

  return {
    async backUp(archive, options = {}) {
      reads = 0;
      const spec = specOf(archive, options);
      const summary = await runWhole(opened(archive, spec), spec, options.policy);
      return { ...summary, reads };
    },
    giveUp: (archive, options = {}) => opened(archive, specOf(archive, options)).sink.discard(testContext()),
    async restore(archive, to, onDamage = 'fail') {
      const store = vault.store!();
      const source = createArchiveSource(store, archive, { onDamage });
      const sink = to.sink!(sinkOptions(store, { rejects: onDamage === 'skip' }));
      const log = createRejectsLog(store, '.jobs/restore-1');
      return runWhole(
        { source, sink, limits: {} },
        { kind: 'restore', source: { connection: vault.name, archive }, sink: { connection: to.name } },
        {},
        onDamage === 'skip' ? { log, allowed: 1_000 } : null,
      );
    },
    async verify(archive) {
      const spec = { kind: 'verify', source: { connection: vault.name, archive } } as const;
      const ref = { id: `verify-${archive}`, spec, createdAt: '' };
      return runWhole(openVerify(deps, ref, spec), spec);
    },
  };
}
