// Columns for records that come without a schema: found in a sample of them.
import type { Payload } from '../core/connector.js';
import type { Json } from '../core/json.js';
import { recordsOf } from './cut.js';
import { membersOf } from './members.js';

/**
 * `integer`: within 64 bits; `number`: any other, exact as decimal text; `json`: objects, arrays, and what comes in more
 * than one type.
 */
export type ColumnType = 'boolean' | 'integer' | 'number' | 'string' | 'json';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** Of a `number`: the digits after the point that the sample needs. Absent where 38 digits do not hold all of it. */
  readonly scale?: number;
}

export interface ColumnFinder {
  add(payload: Payload): void;
  /** In the order in which the fields were first seen. A field that was always null is `json`. */
  columns(): Column[];
}

/** What was seen of a field: `whole` and `scale` are the most digits before and after the point. */
interface Seen {
  readonly type: ColumnType | null;
  readonly whole: number;
  readonly scale: number;
}

const NOTHING: Seen = { type: null, whole: 0, scale: 0 };

export function createColumnFinder(): ColumnFinder {
  const fields = new Map<string, Seen>();
  return {
    add(payload) {
      for (const record of recordsOf(payload)) {
        for (const [name, raw] of membersOf(record) ?? [])
          fields.set(name, widened(fields.get(name) ?? NOTHING, raw));
      }
    },
    columns: () => [...fields].map(([name, seen]) => columnOf(name, seen)),
  };
}

const MOST_DIGITS = 38;

function columnOf(name: string, { type, whole, scale }: Seen): Column {
  if (type !== 'number' || whole + scale > MOST_DIGITS) return { name, type: type ?? 'json' };
  return { name, type, scale };
}

/** null where a stream's schema is not one that `schemaOfSample` made. */
export function sampledColumns(schema: Json): readonly Column[] | null {
  const { sampled, columns } = (schema ?? {}) as { sampled?: unknown; columns?: unknown };
  return sampled === true ? (columns as Column[]) : null;
}

/** As the `schema` of a stream. */
export function schemaOfSample(columns: readonly Column[]): Json {
  return { sampled: true, columns: columns.map((column) => ({ ...column })) };
}

/** Of one value as raw JSON text; null: it is null. */
export function typeOf(raw: Uint8Array): ColumnType | null {
  const first = raw[0];
  if (first === 0x6e) return null;
  if (first === 0x22) return 'string';
  if (first === 0x74 || first === 0x66) return 'boolean';
  if (first === 0x7b || first === 0x5b) return 'json';
  return isInteger(raw) ? 'integer' : 'number';
}

const MAX = 9_223_372_036_854_775_807n;

function isInteger(raw: Uint8Array): boolean {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  if (!/^-?\d{1,19}$/.test(text)) return false;
  if (text.length < 19) return true;
  const value = BigInt(text);
  return value <= MAX && value >= -MAX - 1n;
}

function widened(seen: Seen, raw: Uint8Array): Seen {
  const type = typeOf(raw);
  const { whole, scale } = type === 'integer' || type === 'number' ? digitsOf(raw) : NOTHING;
  return {
    type: widerOf(seen.type, type),
    whole: Math.max(seen.whole, whole),
    scale: Math.max(seen.scale, scale),
  };
}

function widerOf(a: ColumnType | null, b: ColumnType | null): ColumnType | null {
  if (a === null || b === null || a === b) return a ?? b;
  const numbers = [a, b].every((type) => type === 'integer' || type === 'number');
  return numbers ? 'number' : 'json';
}

/** Before and after the point, once an exponent is carried out: `1.50e1` has two and one. */
function digitsOf(raw: Uint8Array): { whole: number; scale: number } {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?0*(\d*)(?:\.(\d+))?(?:[eE](.+))?$/.exec(text) ?? [];
  const shift = Number(exponent);
  return { whole: Math.max(0, whole.length + shift), scale: Math.max(0, fraction.length - shift) };
}
