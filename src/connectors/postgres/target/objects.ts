// What is said to the server for JSON objects: each is staged as it came, and taken apart by the server, so that no number
// passes through anything but the type of its column.
import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Column } from '../catalog.js';
import { quoted, type TableName } from '../names.js';
import type { Destination, Statements } from './destination.js';
import { dropReplaced, findTaken, insertFrom, list, STAGE } from './statements.js';

/** No byte that JSON can hold is a quote or delimiter, so a record passes as it is. */
const COPY = `COPY ${STAGE} (doc) FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')`;

export function objectStatements({ table, replaceBy }: Destination): Statements {
  const columns = table.columns.filter(({ generated }) => !generated);
  const names = columns.map(({ name }) => name);
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const of = (name: string) => `(s.doc ->> ${escapeLiteral(name)})::${types.get(name)}`;
  return {
    createStage: `CREATE TEMPORARY TABLE longhaul_stage (doc json) ON COMMIT DROP`,
    copyToStage: COPY,
    copy: null,
    checks: [{ query: STRANGERS, values: [names] }, ...roundedNumbers(columns)],
    dropReplaced: replaceBy && dropReplaced(replaceBy, of),
    insert: insertFrom(table, names, select(table, columns), replaceBy),
    findTaken: findTaken(table, names, of),
  };
}

const STRANGERS = `
  SELECT format('a record has a member %s, and there is no column for it', to_json(left(member, 100)))
  FROM ${STAGE} s, json_object_keys(s.doc) AS member WHERE member <> ALL ($1::text[]) LIMIT 1`;

/** A member that is missing leaves its column to the default, as one that INSERT does not name. */
function select(table: TableName, columns: readonly Column[]): string {
  const values = columns.map((column) => {
    const value = `r.${escapeIdentifier(column.name)}`;
    const other = defaultOf(table, column);
    return other === null
      ? value
      : `CASE WHEN ${escapeLiteral(column.name)} = ANY (m.names) THEN ${value} ELSE ${other} END`;
  });
  return `SELECT ${values.join(', ')} FROM ${STAGE} s,
    json_to_record(s.doc) AS r (${columns.map(({ name, type }) => `${escapeIdentifier(name)} ${type}`).join(', ')}),
    LATERAL (SELECT array_agg(name) AS names FROM json_object_keys(s.doc) AS name) m`;
}

function defaultOf(table: TableName, { name, identity, ...column }: Column): string | null {
  if (!identity) return column.default;
  return `nextval(pg_get_serial_sequence(${escapeLiteral(quoted(table))}, ${escapeLiteral(name)}))`;
}

const ROUNDING = /^(numeric\(|real$|double precision$)/;

/** Types that would take a number that they cannot hold, and keep another one. */
function roundedNumbers(columns: readonly Column[]): Statements['checks'] {
  const rounding = columns.filter(({ type }) => ROUNDING.test(type));
  if (rounding.length === 0) return [];
  const pairs = rounding.map(({ name, type }) => {
    const text = `r.${escapeIdentifier(name)}`;
    return `(${escapeLiteral(name)}, ${text}::numeric, ${text}::${type}::text::numeric)`;
  });
  const query = `
    SELECT format('column %s cannot hold a number as it is', c.name)
    FROM ${STAGE} s, json_to_record(s.doc) AS r (${rounding.map(({ name }) => `${list([name])} text`).join(', ')}),
      LATERAL (VALUES ${pairs.join(', ')}) AS c (name, meant, held)
    WHERE c.meant <> c.held LIMIT 1`;
  return [{ query, values: [] }];
}
