// Holds the target against the archive before anything is written, and finds the order to write in.
import type { Stream } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import { describeTables, OWN_SCHEMA } from '../catalog.js';
import { streamName, type TableName } from '../names.js';
import type { Session } from '../session.js';
import { archivedTable, type ArchivedTable } from './archived.js';
import { expectFit } from './fit.js';
import { orderOf, referencesOf, type Order, type Reference } from './order.js';

export interface Looking {
  /** Begins the messages of errors. */
  readonly where: string;
  /** The only schemas that may be written to; undefined: all. */
  readonly schemas: readonly string[] | undefined;
  readonly replace: boolean;
  readonly create: boolean;
  /** Records may be refused one by one. */
  readonly rejects: boolean;
}

/** The order to write in. Throws `connection_unsuitable`, `table_missing`, `table_unfit` and `permission_denied`. */
export async function lookAtTarget(
  session: Session,
  looking: Looking,
  streams: readonly Stream[],
): Promise<Order> {
  const tables = streams.map((stream) => archivedTable(stream, looking.where));
  for (const table of tables) refuseOtherSchemas(table, looking);
  const there = new Map((await describeTables(session, tables)).map((table) => [streamName(table), table]));
  const rights = await rightsOn(session, tables);
  for (const table of tables) {
    const found = there.get(streamName(table));
    if (!found) refuseMissing(table, looking);
    else {
      const { uniques, may } = rights.get(streamName(table)) ?? { uniques: [], may: [] };
      expectFit(table, found, { uniques, replace: looking.replace });
      refuseForbidden(table, may, looking);
    }
  }
  const order = ordered(tables, await referencesOf(session, tables), looking);
  const isStaged = tables.some((table) => needsStage(table, looking));
  await expectRights(session, looking, isStaged);
  return order;
}

/** The stream's own name may be written otherwise than ours for the same table. */
function ordered(
  tables: readonly ArchivedTable[],
  references: readonly Reference[],
  { where }: Looking,
): Order {
  const named = new Map(tables.map((table) => [streamName(table), table.stream]));
  refuseShared(tables, named);
  const { stages, circular } = orderOf([...named.keys()], references);
  const foreign = circular.find(({ isOwn }) => !isOwn);
  if (foreign)
    throw new LonghaulError(
      'permission_denied',
      `${where}: constraint ${foreign.constraint} of ${foreign.from} closes a circle, and the role may not take it off for the load`,
      { hint: HINT_CIRCLE },
    );
  return { stages: stages.map((names) => names.map((name) => named.get(name)!)), circular };
}

const HINT_CIRCLE =
  'Use the owner of the table (with the right REFERENCES on the one that it refers to), or drop the constraint and add it again after the restore.';

function refuseShared(tables: readonly ArchivedTable[], named: ReadonlyMap<string, string>): void {
  const shared = tables.find((table) => named.get(streamName(table)) !== table.stream);
  if (shared)
    throw new LonghaulError('table_unfit', `stream ${shared.stream} shares its table with another stream`);
}

function refuseOtherSchemas({ schema, stream }: ArchivedTable, { schemas, where }: Looking): void {
  if (!schemas || schemas.includes(schema)) return;
  throw new LonghaulError(
    'connection_unsuitable',
    `${where} is limited to the schemas ${schemas.join(', ')}; stream ${stream} lies in ${schema}`,
    { hint: 'Leave the stream out, or add the schema to `schemas` of the connection.' },
  );
}

function refuseMissing(table: ArchivedTable, { create, replace, where }: Looking): void {
  const { stream, kind, objects, key, constraints, columns } = table;
  if (!create)
    throw new LonghaulError('table_missing', `${where}: there is no table ${stream}`, {
      hint: 'Make the table, or restore with `create`, which makes it as the archive describes it.',
    });
  if (replace && objects && columns.length > 0 && key.length > 0 && constraints.length === 0)
    throw new LonghaulError(
      'table_unfit',
      `${where}: records of ${stream} lack ${key.join(', ')}, which is to be the key of its table`,
    );
  if (kind !== 'm') return;
  throw new LonghaulError(
    'table_unfit',
    `${where}: ${stream} was a materialized view, which holds no rows of its own`,
    {
      hint: 'Leave the stream out, and make the view again from the tables.',
    },
  );
}

function needsStage({ objects, columns }: ArchivedTable, { replace, rejects }: Looking): boolean {
  return replace || rejects || objects || columns.some(({ generated }) => generated);
}

const DATABASE_RIGHTS = `
  SELECT has_database_privilege(current_database(), 'TEMPORARY'),
    has_database_privilege(current_database(), 'CREATE') OR to_regnamespace('${OWN_SCHEMA}') IS NOT NULL`;

async function expectRights(session: Session, { where }: Looking, isStaged: boolean): Promise<void> {
  const [mayStage, mayKeep] = (await session.rows(DATABASE_RIGHTS))[0]!;
  const lacking = [
    ...(isStaged && mayStage !== 't' ? ['no right to make TEMPORARY tables in the database'] : []),
    ...(mayKeep === 't'
      ? []
      : [`no right to CREATE the schema ${OWN_SCHEMA}, which keeps the positions of jobs`]),
  ];
  if (lacking.length > 0) throw new LonghaulError('permission_denied', `${where}: ${lacking.join(', ')}`);
}

interface Rights {
  readonly uniques: readonly (readonly string[])[];
  readonly may: readonly string[];
}

const RIGHTS = `
  SELECT n.nspname, c.relname, json_build_object(
    'uniques', coalesce((
      SELECT json_agg((SELECT json_agg(a.attname) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])))
      FROM pg_index i
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
        AND i.indpred IS NULL AND i.indexprs IS NULL), '[]'),
    'may', (SELECT json_agg(p.name) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS p (name)
      WHERE has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, p.name)))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN json_to_recordset($1) AS wanted (schema text, "table" text)
      ON wanted.schema = n.nspname AND wanted."table" = c.relname`;

async function rightsOn(session: Session, tables: readonly TableName[]): Promise<Map<string, Rights>> {
  const wanted = tables.map(({ schema, table }) => ({ schema, table }));
  const rows = await session.rows(RIGHTS, [JSON.stringify(wanted)]);
  return new Map(
    rows.map(([schema, table, rights]) => {
      const { uniques, may } = JSON.parse(rights!) as { uniques: string[][]; may: string[] | null };
      return [streamName({ schema: schema!, table: table! }), { uniques, may: may ?? [] }];
    }),
  );
}

function refuseForbidden(
  { stream }: ArchivedTable,
  may: readonly string[],
  { replace, rejects, where }: Looking,
): void {
  const needed = ['INSERT', ...(replace || rejects ? ['SELECT'] : []), ...(replace ? ['UPDATE'] : [])];
  const lacking = needed.filter((right) => !may.includes(right));
  if (lacking.length === 0) return;
  throw new LonghaulError(
    'permission_denied',
    `${where}: no right to ${lacking.join(', ')} on table ${stream}`,
  );
}
