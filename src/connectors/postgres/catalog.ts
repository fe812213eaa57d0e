// What the server's catalogs say about its tables, in one query for many of them.
import { createHash } from 'node:crypto';
import type { Session } from './session.js';
import type { TableName } from './names.js';

/** Where a restore keeps its positions: no data of the database. */
export const OWN_SCHEMA = 'longhaul';

export interface Column {
  readonly name: string;
  /** As in CREATE TABLE, length and precision included. */
  readonly type: string;
  /** The type without them: what a literal is cast to. */
  readonly cast: string;
  readonly nullable: boolean;
  readonly collation: string | null;
  readonly default: string | null;
  readonly identity: 'always' | 'by default' | null;
  readonly generated: 'stored' | 'virtual' | null;
}

export interface KeyColumn {
  readonly name: string;
  /** The index's own collation, qualified, where it is not the column's. */
  readonly collate: string | null;
  /** Schema of the index's comparison operators. */
  readonly operators: string;
}

/** r: ordinary, p: partitioned, m: materialized view. */
export type TableKind = 'r' | 'p' | 'm';

export interface Table extends TableName {
  readonly kind: TableKind;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  /** Columns of the index whose order is read: the primary key, else a unique index that can hold no NULL. */
  readonly key: readonly KeyColumn[] | null;
  /** Of the heap, leaf partitions included. */
  readonly blocks: number;
  readonly partitionBy: string | null;
  readonly constraints: readonly { readonly name: string; readonly definition: string }[];
  readonly indexes: readonly string[];
  readonly enums: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** Statements that make the types of its columns, in order: enums, domains, composites. */
  readonly types: readonly { readonly name: string; readonly definition: string }[];
}

// Only what a generated column is made of names other columns; with their table, each of 1,500 defaults takes 3 ms to print.
const COLUMNS = `
  SELECT json_agg(json_build_object(
    'name', a.attname,
    'type', format_type(a.atttypid, a.atttypmod),
    'cast', format_type(a.atttypid, -1),
    'nullable', NOT a.attnotnull,
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN
      (SELECT format('%I.%I', cn.nspname, co.collname)
       FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
    'default', pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END),
    'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
    'generated', CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END
  ) ORDER BY a.attnum)
  FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;

// PostgreSQL 18 can hold a NOT NULL that was never checked on older rows: such a column may hold NULL.
const UNCHECKED_NOT_NULL = `
  SELECT FROM pg_constraint nn
  WHERE nn.conrelid = a.attrelid AND nn.contype = 'n' AND NOT nn.convalidated AND nn.conkey = ARRAY[a.attnum]`;

const OPERATOR_SCHEMA = `
  SELECT pn.nspname
  FROM pg_amop ao
    JOIN pg_operator op ON op.oid = ao.amopopr
    JOIN pg_namespace pn ON pn.oid = op.oprnamespace
  WHERE ao.amopfamily = oc.opcfamily AND ao.amopstrategy = 5
    AND ao.amoplefttype = oc.opcintype AND ao.amoprighttype = oc.opcintype`;

const COLLATE = `
  SELECT format('%I.%I', cn.nspname, co.collname)
  FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
  WHERE co.oid = k.coll AND k.coll <> a.attcollation`;

// Only an index that ORDER BY and row comparison can use as it is: default operators, one direction, no expressions.
const KEY = `
  SELECT keys.columns FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid, LATERAL (
    SELECT
      json_agg(json_build_object(
        'name', a.attname, 'collate', (${COLLATE}), 'operators', (${OPERATOR_SCHEMA})) ORDER BY k.place) AS columns,
      bool_and(a.attnum > 0 AND a.attnotnull AND oc.opcdefault AND NOT EXISTS (${UNCHECKED_NOT_NULL})) AS usable,
      count(DISTINCT k.option) = 1 AND min(k.option) IN (0, 3) AS one_direction,
      count(*) AS width
    FROM unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[], i.indoption::int2[])
        WITH ORDINALITY AS k (attnum, opclass, coll, option, place)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      JOIN pg_opclass oc ON oc.oid = k.opclass
    WHERE k.place <= i.indnkeyatts
  ) keys
  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND ic.relam = (SELECT am.oid FROM pg_am am WHERE am.amname = 'btree')
    AND keys.usable AND keys.one_direction
  ORDER BY i.indisprimary DESC, keys.width, ic.relname LIMIT 1`;

const LIST = `
  SELECT n.nspname, c.relname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND (c.relkind <> 'm' OR EXISTS (${KEY}))
    AND ($1::text[] IS NULL OR n.nspname = ANY ($1))
    AND NOT (n.nspname = '${OWN_SCHEMA}' AND c.relname = ANY ('{constraints,jobs,positions,streams}'))`;

/** All tables that are streams, partitions of others left out; only of some schemas where given. */
export async function listTables(
  session: Session,
  schemas: readonly string[] | undefined,
): Promise<TableName[]> {
  const rows = await session.rows(LIST, [schemas ?? null]);
  return rows.map(([schema, table]) => ({ schema: schema!, table: table! }));
}

const PRIMARY_KEY = `
  SELECT json_agg(a.attname ORDER BY k.place)
  FROM pg_constraint pk, unnest(pk.conkey) WITH ORDINALITY AS k (attnum, place), pg_attribute a
  WHERE pk.conrelid = c.oid AND pk.contype = 'p' AND a.attrelid = c.oid AND a.attnum = k.attnum`;

const BLOCKS = `
  SELECT coalesce(sum(pg_relation_size(leaf.relid)), 0)::bigint / current_setting('block_size')::int
  FROM (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf
        UNION ALL SELECT c.oid WHERE c.relkind <> 'p') leaf`;

const CONSTRAINTS = `
  SELECT json_agg(json_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid)) ORDER BY k.conname)
  FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x', 'c', 'f')`;

const INDEXES = `
  SELECT json_agg(pg_get_indexdef(i.indexrelid) ORDER BY i.indexrelid::regclass::text)
  FROM pg_index i
  WHERE i.indrelid = c.oid AND NOT EXISTS (SELECT FROM pg_constraint k
    WHERE k.conrelid = c.oid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`;

const ENUMS = `
  SELECT json_agg(json_build_object('name', format_type(t.oid, NULL), 'labels',
    (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)) ORDER BY t.typname)
  FROM (
    SELECT DISTINCT unnest(ARRAY[u.oid, u.typelem, u.typbasetype]) AS oid
    FROM pg_attribute a JOIN pg_type u ON u.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS used
    JOIN pg_type t ON t.oid = used.oid
  WHERE t.typtype = 'e'`;

// Types that columns use, and those that these use in turn; the deepest are to be made first.
const TYPES = `
  WITH RECURSIVE used (oid, depth) AS (
    SELECT a.atttypid, 0 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT inner_oid, used.depth + 1
    FROM used JOIN pg_type t ON t.oid = used.oid,
      LATERAL (SELECT t.typelem WHERE t.typelem <> 0
               UNION SELECT t.typbasetype WHERE t.typbasetype <> 0
               UNION SELECT a.atttypid FROM pg_attribute a
                 WHERE a.attrelid = t.typrelid AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped
      ) AS inner_types (inner_oid)
    WHERE used.depth < 16
  )
  SELECT json_agg(json_build_object('name', format_type(t.oid, NULL), 'definition', CASE t.typtype
    WHEN 'e' THEN (SELECT format('CREATE TYPE %s AS ENUM (%s)', format_type(t.oid, NULL),
        coalesce(string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder), ''))
      FROM pg_enum e WHERE e.enumtypid = t.oid)
    WHEN 'd' THEN format('CREATE DOMAIN %s AS %s%s%s%s', format_type(t.oid, NULL),
      format_type(t.typbasetype, t.typtypmod),
      CASE WHEN t.typnotnull THEN ' NOT NULL' END, ' DEFAULT ' || t.typdefault,
      (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
       FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
    ELSE (SELECT format('CREATE TYPE %s AS (%s)', format_type(t.oid, NULL),
        string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum))
      FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
    END) ORDER BY used.depth DESC, t.typname)
  FROM (SELECT oid, max(depth) AS depth FROM used GROUP BY oid) AS used
    JOIN pg_type t ON t.oid = used.oid
    LEFT JOIN pg_class r ON r.oid = t.typrelid
  WHERE t.typtype IN ('e', 'd') OR t.typtype = 'c' AND r.relkind = 'c'`;

const DESCRIBE = `
  SELECT json_build_object(
    'schema', n.nspname, 'table', c.relname, 'kind', c.relkind,
    'columns', coalesce((${COLUMNS}), '[]'),
    'primaryKey', coalesce((${PRIMARY_KEY}), '[]'),
    'key', (${KEY}),
    'blocks', (${BLOCKS}),
    'partitionBy', pg_get_partkeydef(c.oid),
    'constraints', coalesce((${CONSTRAINTS}), '[]'),
    'indexes', coalesce((${INDEXES}), '[]'),
    'enums', coalesce((${ENUMS}), '[]'),
    'types', coalesce((${TYPES}), '[]'))
  FROM json_to_recordset($1) AS wanted (schema text, "table" text)
    JOIN pg_namespace n ON n.nspname = wanted.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted."table"
  WHERE c.relkind IN ('r', 'p', 'm')`;

/** Describes those of the named tables that are there, in any order. */
export async function describeTables(session: Session, names: readonly TableName[]): Promise<Table[]> {
  const wanted = names.map(({ schema, table }) => ({ schema, table }));
  const rows = await session.rows(DESCRIBE, [JSON.stringify(wanted)]);
  return rows.map(([json]) => JSON.parse(json!) as Table);
}

const RELATION_KIND = `
  SELECT c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2`;

/** True for what could be read at once but not in pieces: views, foreign tables, materialized views without a key. */
export async function isKeyless(session: Session, { schema, table }: TableName): Promise<boolean> {
  const [row] = await session.rows(RELATION_KIND, [schema, table]);
  return ['v', 'f', 'm'].includes(row?.[0] ?? '');
}

/** Stands for names, types and order of the columns, and for the key: another value means that cursors do not hold. */
export function shapeOf({ columns, key }: Table): string {
  const look = [
    columns.map(({ name, type }) => [name, type]),
    key?.map(({ name, collate }) => [name, collate]),
  ];
  return createHash('sha256').update(JSON.stringify(look)).digest('hex').slice(0, 16);
}
