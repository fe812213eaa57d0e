// A copy whose objects pass through the worker: read as for a backup, written as by a restore.
import type { Sink } from '../../core/connector.js';
import { LonghaulError } from '../../core/errors.js';
import type { Connection, CopyEnds, SourceOptions } from '../../core/registry.js';

/** Throws `connection_unsuitable`. */
export function passedThrough(from: Connection, reading: SourceOptions, sink: Sink): CopyEnds {
  if (from.source) return { source: from.source(reading), sink };
  throw new LonghaulError('connection_unsuitable', `Connection ${from.name} has no streams of objects.`);
}
