// Leaves only the records of a source whose keys are in a range. Pages and cursors stay those of the source.
import type { Page, Source, Stream } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import { recordsOf } from '../records/cut.js';
import { keyReader, sortable, type Key } from '../records/keys.js';

/** `from` is included, `to` is not. With fewer fields than the key has, what begins with them counts as equal to them. */
export interface KeyRange {
  readonly from?: readonly (string | number)[] | undefined;
  readonly to?: readonly (string | number)[] | undefined;
}

/** Throws `spec_invalid` where a stream has no key, or a shorter one. Estimates stay those of the whole stream. */
export function picked(source: Source, keys: KeyRange): Source {
  const isIn = inRange(keys);
  return {
    async *streams(...asked) {
      for await (const stream of source.streams(...asked)) {
        check(stream, keys);
        yield stream;
      }
    },
    async *partitions(ctx, stream, want) {
      for await (const { range, ...partition } of source.partitions(ctx, stream, want)) {
        yield { ...partition, range: { key: stream.key, range } satisfies PickedRange };
      }
    },
    async *read(ctx, stream, partition, from) {
      const { key, range } = partition.range as PickedRange;
      for await (const page of source.read(ctx, stream, { ...partition, range }, from)) {
        yield pick(page, key, isIn);
      }
    },
    close: () => source.close(),
  };
}

/** Whoever reads a partition knows no more of its stream than the name. */
interface PickedRange extends JsonObject {
  readonly key: readonly string[];
  readonly range: Json;
}

function check({ name, key }: Stream, { from, to }: KeyRange): void {
  if (key.length === 0) {
    throw new LonghaulError('spec_invalid', `Stream ${name} has no key: \`keys\` cannot pick records of it.`);
  }
  const most = Math.max(from?.length ?? 0, to?.length ?? 0);
  if (most <= key.length) return;
  const has = `The key of stream ${name} has ${key.length} ${key.length === 1 ? 'field' : 'fields'} (${key.join(', ')})`;
  throw new LonghaulError('spec_invalid', `${has}, \`keys\` gives ${most} values.`);
}

function inRange({ from, to }: KeyRange): (key: Key) => boolean {
  const [first, end] = [from, to].map((key) => key && sortable(key.map(textOf)));
  return (key) => {
    const bytes = sortable(key);
    return (!first || Buffer.compare(bytes, first) >= 0) && (!end || Buffer.compare(bytes, end) < 0);
  };
}

function textOf(value: string | number): string {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return BigInt(value).toString();
  const text = String(value);
  if (/^-?\d+\.\d+$/.test(text)) return text;
  throw new LonghaulError(
    'spec_invalid',
    `\`keys\` has the number ${text}: write it as a string, with all its digits.`,
  );
}

function pick(page: Page, fields: readonly string[], isIn: (key: Key) => boolean): Page {
  if (page.records === 0) return page;
  const keyOf = keyReader(page.payload, fields);
  const records = [...recordsOf(page.payload)].filter((record) => isIn(keyOf(record)));
  const chunks = records.length > 0 ? [Buffer.concat(records)] : [];
  return { ...page, payload: { ...page.payload, chunks }, records: records.length };
}
