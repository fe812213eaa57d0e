// What comes after the rows: constraints and indexes of tables that the job made, then foreign keys, then sequences, then
// constraints that were taken off for the load.
import { escapeIdentifier } from 'pg';
import { quoted, streamName, type TableName } from '../names.js';
import type { Session } from '../session.js';
import type { ArchivedTable } from './archived.js';
import { bringBack, missing } from './constraints.js';
import { constraintClause, isForeignKey, isPrimaryKey } from './create.js';
import type { StreamNote } from './stream-notes.js';

/** What makes a stream's table whole, in order: each is done for all streams before the next. Returns notes for people. */
export const STEPS: readonly ((session: Session, stream: StreamNote) => Promise<string[]>)[] = [
  addIndexes,
  addForeignKeys,
  moveSequences,
  addTakenOff,
];

async function addIndexes(session: Session, { table, created }: StreamNote): Promise<string[]> {
  if (!created) return [];
  const later = table.constraints.filter((one) => !isPrimaryKey(one) && !isForeignKey(one));
  for (const constraint of later) await addConstraint(session, table, constraint);
  for (const index of table.indexes) await session.rows(index);
  return table.kind === 'p' ? [`${table.stream} was partitioned and is an ordinary table now.`] : [];
}

async function addForeignKeys(session: Session, { table, created }: StreamNote): Promise<string[]> {
  if (!created) return [];
  const notes: string[] = [];
  for (const constraint of table.constraints.filter(isForeignKey)) {
    const referred = /REFERENCES ((?:"(?:[^"]|"")*"|[^"(\s])+)/.exec(constraint.definition)?.[1] ?? '';
    const [row] = await session.rows('SELECT to_regclass($1) IS NULL', [referred]);
    if (row?.[0] === 't')
      notes.push(`${table.stream} has no constraint ${constraint.name}: ${referred} is not there.`);
    else await addConstraint(session, table, constraint);
  }
  return notes;
}

async function addConstraint(
  session: Session,
  table: TableName,
  constraint: ArchivedTable['constraints'][number],
): Promise<void> {
  await session.rows(`ALTER TABLE ${quoted(table)} ADD ${constraintClause(constraint)}`);
}

// A sequence belongs to a column, as with serial and identity, or is named in its default.
const SEQUENCES = `
  SELECT format('%I.%I', sn.nspname, s.relname), a.attname, q.seqincrement > 0
  FROM (
    SELECT d.refobjid AS relid, d.refobjsubid AS attnum, d.objid AS sequence FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    UNION
    SELECT ad.adrelid, ad.adnum, d.refobjid FROM pg_attrdef ad
      JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid
        AND d.refclassid = 'pg_class'::regclass
  ) used
    JOIN pg_class s ON s.oid = used.sequence AND s.relkind = 'S'
    JOIN pg_namespace sn ON sn.oid = s.relnamespace
    JOIN pg_sequence q ON q.seqrelid = s.oid
    JOIN pg_attribute a ON a.attrelid = used.relid AND a.attnum = used.attnum
  WHERE used.relid = $1::regclass AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)`;

/** On past the highest value of the column; never back. */
async function moveSequences(session: Session, { table }: StreamNote): Promise<string[]> {
  const sequences = await session.rows(SEQUENCES, [quoted(table)]);
  for (const [sequence, column, isRising] of sequences) {
    const [last, beyond] = isRising === 't' ? ['max', '>'] : ['min', '<'];
    await session.rows(`
      SELECT setval('${sequence!.replaceAll("'", "''")}'::regclass, reached.value)
      FROM (SELECT ${last}(${escapeIdentifier(column!)})::int8 AS value FROM ${quoted(table)}) reached,
        ${sequence} AS s, pg_sequence q
      WHERE q.seqrelid = '${sequence!.replaceAll("'", "''")}'::regclass
        AND reached.value BETWEEN q.seqmin AND q.seqmax
        AND (reached.value ${beyond} s.last_value OR reached.value = s.last_value AND NOT s.is_called)`);
  }
  return [];
}

async function addTakenOff(session: Session, { job, table }: StreamNote): Promise<string[]> {
  const notes: string[] = [];
  for (const one of await missing(session, job, streamName(table)))
    notes.push(await bringBack(session, job, one));
  return notes;
}
