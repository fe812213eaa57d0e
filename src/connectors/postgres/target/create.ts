// Makes a table as the archive describes it, with its primary key; all that can wait comes after the rows.
import { escapeIdentifier } from 'pg';
import { LonghaulError } from '../../../core/errors.js';
import { quoted, tableName, type TableName } from '../names.js';
import type { Session } from '../session.js';
import type { ArchivedColumn, ArchivedTable } from './archived.js';

const HINT =
  'Make what the table needs first (types of extensions, functions: `pg_dump --schema-only`), or restore into a table that is there.';

/** Together with its schema, and the types and sequences that it uses and that are missing. */
export async function createTable(session: Session, table: ArchivedTable): Promise<void> {
  try {
    await makeSchema(session, table.schema);
    for (const type of table.types) await makeType(session, type);
    const sequences = await makeSequences(session, table);
    await session.rows(tableStatement(table));
    for (const { sequence, column } of sequences) {
      const owner = `${quoted(table)}.${escapeIdentifier(column)}`;
      await session.rows(`ALTER SEQUENCE ${quoted(sequence)} OWNED BY ${owner}`);
    }
  } catch (error) {
    if (!(error instanceof LonghaulError) || error.code !== 'database_error') throw error;
    throw new LonghaulError('table_unfit', `table ${table.stream} cannot be made: ${error.message}`, {
      hint: HINT,
    });
  }
}

export function isForeignKey({ definition }: { readonly definition: string }): boolean {
  return definition.startsWith('FOREIGN KEY');
}

export function isPrimaryKey({ definition }: { readonly definition: string }): boolean {
  return definition.startsWith('PRIMARY KEY');
}

async function makeSchema(session: Session, schema: string): Promise<void> {
  const there = await session.rows('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (there.length === 0) await session.rows(`CREATE SCHEMA ${escapeIdentifier(schema)}`);
}

async function makeType(
  session: Session,
  { name, definition }: ArchivedTable['types'][number],
): Promise<void> {
  const [row] = await session.rows('SELECT to_regtype($1) IS NULL', [name]);
  if (row?.[0] !== 't') return;
  const schema = tableName(name)?.schema;
  if (schema !== undefined) await makeSchema(session, schema);
  await session.rows(definition);
}

interface OwnedSequence {
  readonly sequence: TableName;
  readonly column: string;
}

/** Those of `serial` columns; a sequence that is there already stays whose it is. */
async function makeSequences(session: Session, { columns }: ArchivedTable): Promise<OwnedSequence[]> {
  const made: OwnedSequence[] = [];
  for (const column of columns) {
    const sequence = sequenceOf(column);
    if (!sequence) continue;
    const [row] = await session.rows('SELECT to_regclass($1) IS NULL', [quoted(sequence)]);
    if (row?.[0] !== 't') continue;
    await makeSchema(session, sequence.schema);
    await session.rows(`CREATE SEQUENCE ${quoted(sequence)} AS ${column.type}`);
    made.push({ sequence, column: column.name });
  }
  return made;
}

function sequenceOf({ type, ...column }: ArchivedColumn): TableName | null {
  const match = /^nextval\('(.+)'::regclass\)$/s.exec(column.default ?? '');
  if (!match || !['smallint', 'integer', 'bigint'].includes(type)) return null;
  return tableName(match[1]!.replaceAll("''", "'"));
}

function tableStatement(table: ArchivedTable): string {
  const key = table.constraints.filter(isPrimaryKey).map(constraintClause);
  return `CREATE TABLE ${quoted(table)} (${[...table.columns.map(columnClause), ...key].join(', ')})`;
}

export function constraintClause({ name, definition }: ArchivedTable['constraints'][number]): string {
  return `CONSTRAINT ${escapeIdentifier(name)} ${definition}`;
}

function columnClause(column: ArchivedColumn): string {
  const { name, type, collation, nullable } = column;
  return [
    escapeIdentifier(name),
    type,
    collation === null ? '' : `COLLATE ${collation}`,
    valueClause(column),
    nullable ? '' : 'NOT NULL',
  ].join(' ');
}

function valueClause(column: ArchivedColumn): string {
  if (column.identity) return `GENERATED ${column.identity.toUpperCase()} AS IDENTITY`;
  if (column.default === null) return '';
  return column.generated
    ? `GENERATED ALWAYS AS (${column.default}) ${column.generated.toUpperCase()}`
    : `DEFAULT ${column.default}`;
}
