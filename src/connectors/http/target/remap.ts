// Which fields refer to records that the target gives new keys, and in which order streams are written for that.
import type { Stream } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import type { SinkOptions } from '../../../core/registry.js';
import { sampledColumns } from '../../../records/columns.js';

/** `stream`'s member `field` holds a key of `to`, which is at its member `key`. */
export interface Reference {
  readonly stream: string;
  readonly field: string;
  readonly to: string;
  readonly key: string;
}

/** `names`: the streams there are; their names may have dots. Throws `stream_unknown`. */
export function referencesOf(remap: SinkOptions['remap'], names: readonly string[]): Reference[] {
  return Object.entries(remap).map(([from, target]) => {
    const [stream, field] = parted(from, names);
    const [to, key] = parted(target, names);
    return { stream, field, to, key };
  });
}

function parted(text: string, names: readonly string[]): [stream: string, field: string] {
  const fitting = names.filter((name) => text.startsWith(`${name}.`) && text.length > name.length + 1);
  const [name] = fitting.toSorted((a, b) => b.length - a.length);
  if (name !== undefined) return [name, text.slice(name.length + 1)];
  throw new LonghaulError('stream_unknown', `options.remap: ${text} names no stream of the restore`);
}

/**
 * Refuses what cannot be: `stream_unknown` for a stream that is not restored, `spec_invalid` for a field that is not there
 * or no key. `before`: the rest of another job is restored, which may have finished some of the streams.
 */
export function expectReferences(
  references: readonly Reference[],
  streams: readonly Stream[],
  before: boolean,
): void {
  const known = new Map(streams.map((stream) => [stream.name, stream]));
  for (const reference of references) {
    const { stream, to } = reference;
    const missing = [stream, to].find((name) => !known.has(name));
    if (missing !== undefined && !before) {
      throw new LonghaulError('stream_unknown', `options.remap: stream ${missing} is not restored`, {
        hint: 'A stream is restored together with those that its fields refer to.',
      });
    }
    expectField(reference, known.get(stream));
    expectKey(reference, known.get(to));
  }
}

/** In a sample that has records a field is there, if only as null. */
function expectField({ stream, field }: Reference, of: Stream | undefined): void {
  const columns = sampledColumns(of?.schema ?? null) ?? [];
  if (columns.length === 0 || columns.some(({ name }) => name === field)) return;
  throw refused(`the first records of stream ${stream} have no field ${field}`);
}

function expectKey({ to, key }: Reference, stream: Stream | undefined): void {
  if (!stream || (stream.key.length === 1 && stream.key[0] === key)) return;
  throw refused(`${key} is not the key of stream ${to} (${stream.key.join(', ') || 'none'})`);
}

/** Those that others refer to come before them. Throws `spec_invalid` naming what closes a circle. */
export function stagesOf(names: readonly string[], references: readonly Reference[]): string[][] {
  const stages: string[][] = [];
  let left = [...names];
  while (left.length > 0) {
    const waits = references.filter(({ stream, to }) => left.includes(stream) && left.includes(to));
    const ready = left.filter((name) => !waits.some(({ stream }) => stream === name));
    if (ready.length === 0) throw circle(closingOf(waits));
    stages.push(ready);
    left = left.filter((name) => !ready.includes(name));
  }
  return stages;
}

/** Each of those left refers to one of them, so that a way from any of them ends in a circle. */
function closingOf(waits: readonly Reference[]): Reference {
  const seen = new Set<string>();
  let at = waits[0]!;
  while (!seen.has(at.to)) {
    seen.add(at.stream).add(at.to);
    at = waits.find(({ stream }) => stream === at.to)!;
  }
  return at;
}

function circle({ stream, field, to }: Reference): LonghaulError {
  const back = stream === to ? 'refers to its own stream' : `refers back to ${to}`;
  return refused(`${stream}.${field} ${back}, and the keys of a stream are known when all of it is written`);
}

function refused(why: string): LonghaulError {
  return new LonghaulError('spec_invalid', `options.remap: ${why}`);
}
