// What the columns of a stream hold, read off the description that its source gave of it.
import type { Stream } from '../core/connector.js';
import type { Json } from '../core/json.js';
import { sampledColumns, type ColumnType } from '../records/columns.js';

/** `number`: exact as text, of any size. `real`: a double, or one of half its size. `list`: of one dimension. */
export type Kind =
  | { readonly is: 'boolean' | 'number' | 'text' | 'json' | 'bytes' | 'date' | 'time' }
  | { readonly is: 'integer'; readonly bits: 16 | 32 | 64 }
  | { readonly is: 'real'; readonly bits: 32 | 64 }
  | { readonly is: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly is: 'timestamp'; readonly utc: boolean }
  | { readonly is: 'list'; readonly of: Kind };

export interface StreamColumn {
  readonly name: string;
  readonly kind: Kind;
  /** As the source calls it; null: it was found in a sample. */
  readonly sourceType: string | null;
  readonly nullable: boolean;
}

/** null: the source did not say, and nobody has looked. */
export function columnsOf({
  encoding,
  schema,
}: Pick<Stream, 'encoding' | 'schema'>): readonly StreamColumn[] | null {
  return encoding === 'csv' ? tableColumns(schema) : (sampledColumns(schema)?.map(sampledColumn) ?? null);
}

const SAMPLED: Readonly<Record<ColumnType, Kind>> = {
  boolean: { is: 'boolean' },
  integer: { is: 'integer', bits: 64 },
  number: { is: 'real', bits: 64 },
  string: { is: 'text' },
  json: { is: 'json' },
};

function sampledColumn({ name, type }: { name: string; type: ColumnType }): StreamColumn {
  return { name, kind: SAMPLED[type], sourceType: null, nullable: true };
}

interface Described {
  readonly columns?: readonly { readonly name: string; readonly type: string; readonly nullable?: boolean }[];
  /** Types of its own: `CREATE DOMAIN name AS base …`. */
  readonly types?: readonly { readonly name: string; readonly definition: string }[];
}

function tableColumns(schema: Json): readonly StreamColumn[] | null {
  const { columns, types = [] } = (schema ?? {}) as unknown as Described;
  if (!Array.isArray(columns)) return null;
  const domains = new Map(types.map(({ name, definition }) => [name, baseOf(name, definition)]));
  return (columns as NonNullable<Described['columns']>).map(({ name, type, nullable = true }) => {
    return { name, kind: kindOf(type, domains), sourceType: type, nullable };
  });
}

/** What a domain is made of; null: the type is no domain. */
function baseOf(name: string, definition: string): string | null {
  const start = `CREATE DOMAIN ${name} AS `;
  if (!definition.startsWith(start)) return null;
  return definition.slice(start.length).split(/ (?:NOT NULL|DEFAULT |CONSTRAINT )/, 1)[0] ?? null;
}

const NAMED: Readonly<Record<string, Kind>> = {
  smallint: { is: 'integer', bits: 16 },
  integer: { is: 'integer', bits: 32 },
  bigint: { is: 'integer', bits: 64 },
  oid: { is: 'integer', bits: 64 },
  real: { is: 'real', bits: 32 },
  'double precision': { is: 'real', bits: 64 },
  numeric: { is: 'number' },
  boolean: { is: 'boolean' },
  json: { is: 'json' },
  jsonb: { is: 'json' },
  bytea: { is: 'bytes' },
  date: { is: 'date' },
};

/** Whatever is not known is text: the one type whose lists are not parted by commas included. */
function kindOf(type: string, domains: ReadonlyMap<string, string | null>): Kind {
  const base = domains.get(type);
  if (base) return kindOf(base, domains);
  if (type.endsWith('[]') && type !== 'box[]') return { is: 'list', of: kindOf(type.slice(0, -2), domains) };
  return NAMED[type] ?? decimalOf(type) ?? timeOf(type) ?? { is: 'text' };
}

/** A decimal has at most 38 digits in the formats that know decimals. */
function decimalOf(type: string): Kind | null {
  const [, digits, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type)?.map(Number) ?? [];
  if (digits === undefined || scale === undefined) return null;
  const fits = digits <= 38 && scale >= 0 && scale <= digits;
  return fits ? { is: 'decimal', precision: digits, scale } : { is: 'number' };
}

function timeOf(type: string): Kind | null {
  const [, name, zone] = /^(time|timestamp)(?:\(\d\))? (with|without) time zone$/.exec(type) ?? [];
  if (name === 'timestamp') return { is: 'timestamp', utc: zone === 'with' };
  return name === 'time' && zone === 'without' ? { is: 'time' } : null;
}
