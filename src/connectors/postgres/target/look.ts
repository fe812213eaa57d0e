// Holds the target against the archive before anything is written, and finds the order to write in.
import type { Stream } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import { describeTables } from '../catalog.js';
import { streamName, type TableName } from '../names.js';
import type { Session } from '../session.js';
import { archivedTable, type ArchivedTable } from './archived.js';
import { expectFit } from './fit.js';
import { referencesOf, stagesOf } from './order.js';

export interface Looking {
  /** Begins the messages of errors. */
  readonly where: string;
  /** The only schemas that may be written to; undefined: all. */
  readonly schemas: readonly string[] | undefined;
  readonly replace: boolean;
  readonly create: boolean;
}

/**
 * The streams in stages, as `Sink.stages` wants them. Throws `connection_unsuitable`, `table_missing`, `table_unfit` and
 * `permission_denied`.
 */
export async function lookAtTarget(
  session: Session,
  looking: Looking,
  streams: readonly Stream[],
): Promise<string[][]> {
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
  return staged(tables, await referencesOf(session, tables));
}

/** The stream's own name may be written otherwise than ours for the same table. */
function staged(tables: readonly ArchivedTable[], references: Parameters<typeof stagesOf>[1]): string[][] {
  const named = new Map(tables.map((table) => [streamName(table), table.stream]));
  return stagesOf([...named.keys()], references).map((names) => names.map((name) => named.get(name)!));
}

function refuseOtherSchemas({ schema, stream }: ArchivedTable, { schemas, where }: Looking): void {
  if (!schemas || schemas.includes(schema)) return;
  throw new LonghaulError(
    'connection_unsuitable',
    `${where} is limited to the schemas ${schemas.join(', ')}; stream ${stream} lies in ${schema}`,
    { hint: 'Leave the stream out, or add the schema to `schemas` of the connection.' },
  );
}

function refuseMissing({ stream, kind }: ArchivedTable, { create, where }: Looking): void {
  if (!create)
    throw new LonghaulError('table_missing', `${where}: there is no table ${stream}`, {
      hint: 'Make the table, or restore with `create`, which makes it as the archive describes it.',
    });
  if (kind !== 'm') return;
  throw new LonghaulError(
    'table_unfit',
    `${where}: ${stream} was a materialized view, which holds no rows of its own`,
    {
      hint: 'Leave the stream out, and make the view again from the tables.',
    },
  );
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
  { replace, where }: Looking,
): void {
  const needed = replace ? ['SELECT', 'INSERT', 'UPDATE'] : ['INSERT'];
  const lacking = needed.filter((right) => !may.includes(right));
  if (lacking.length === 0) return;
  throw new LonghaulError(
    'permission_denied',
    `${where}: no right to ${lacking.join(', ')} on table ${stream}`,
  );
}
