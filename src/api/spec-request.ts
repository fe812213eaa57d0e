// The body of POST /v1/jobs: held against the schema and against the connections that are configured.
import type { Context } from 'hono';
import type { PublicConnection, Role } from '../config/public.js';
import type { ErrorCode } from '../core/errors.js';
import { check, type Fault } from '../core/faults.js';
import { nearest } from '../core/nearest.js';
import {
  jobSpecSchema,
  type BackupSpec,
  type CopySpec,
  type JobSpec,
  type RestoreSpec,
  type VerifySpec,
} from '../core/spec.js';
import { readJson } from './bodies.js';
import { RequestFaults } from './problems.js';

interface NamedFault extends Fault {
  readonly code: ErrorCode;
}

/** Throws for a body that is not said to be JSON, is none, or no spec that can run. */
export async function readSpec(c: Context, connections: readonly PublicConnection[]): Promise<JobSpec> {
  return toSpec(await readJson(c), connections);
}

function toSpec(body: unknown, connections: readonly PublicConnection[]): JobSpec {
  const checked = check(jobSpecSchema, body);
  if (!checked.ok) throw new RequestFaults('spec_invalid', checked.faults);
  assertRunnable(checked.value, connections);
  return checked.value;
}

/** Throws for a spec that cannot run with these connections. `at`: where in the body it stands. */
export function assertRunnable(
  spec: JobSpec,
  connections: readonly PublicConnection[],
  at: Fault['path'] = [],
): void {
  const faults = connectionFaults(spec, connections);
  const codes = new Set(faults.map(({ code }) => code));
  const [code] = codes;
  if (code === undefined) return;
  const placed = faults.map((fault) => ({ ...fault, path: [...at, ...fault.path] }));
  throw new RequestFaults(codes.size === 1 ? code : 'spec_invalid', placed);
}

function connectionFaults(spec: JobSpec, connections: readonly PublicConnection[]): NamedFault[] {
  switch (spec.kind) {
    case 'backup':
      return [
        ...roleFaults('source', spec.source.connection, 'source', connections),
        ...roleFaults('sink', spec.sink.connection, 'sink', connections),
        ...streamFaults(spec.source, connections),
        ...baseFaults(spec, connections),
      ];
    case 'verify':
      return [
        ...roleFaults('source', spec.source.connection, 'sink', connections),
        ...againstFaults(spec, connections),
      ];
    case 'restore':
      return [
        ...roleFaults('source', spec.source.connection, 'sink', connections),
        ...roleFaults('sink', spec.sink.connection, 'target', connections),
        ...remapFaults(spec),
      ];
    case 'export':
      return [
        ...roleFaults('source', spec.source.connection, spec.source.archive ? 'sink' : 'source', connections),
        ...roleFaults('sink', spec.sink.connection, 'sink', connections),
        ...(spec.source.archive ? [] : streamFaults(spec.source, connections)),
      ];
    case 'copy':
      return [
        ...roleFaults('source', spec.source.connection, 'source', connections),
        ...roleFaults('sink', spec.sink.connection, 'target', connections),
        ...streamFaults(spec.source, connections),
        ...objectFaults(spec, connections),
      ];
  }
}

/** Connectors of the operator's own are asked when the job runs. */
function baseFaults({ source, options }: BackupSpec, connections: readonly PublicConnection[]): NamedFault[] {
  const type = connections.find(({ name }) => name === source.connection)?.type;
  if (options?.base === undefined || (type !== 'http' && type !== 'postgres')) return [];
  const message = `only backups of objects have a base, not those of a connection of type ${type}`;
  return [{ code: 'base_unsuitable', path: ['options', 'base'], message }];
}

function againstFaults(
  { source, options }: VerifySpec,
  connections: readonly PublicConnection[],
): NamedFault[] {
  const against = options?.against;
  if (!against) return [];
  const { connection, archive } = against;
  const faults = roleFaults('source', connection, archive ? 'sink' : 'source', connections);
  return [
    ...faults.map((fault) => ({ ...fault, path: ['options', 'against', 'connection'] })),
    ...(archive ? [] : streamFaults({ connection, streams: source.streams }, connections)),
  ];
}

/** What holds objects holds archives, too, and is read and written. */
function objectFaults({ source, sink }: CopySpec, connections: readonly PublicConnection[]): NamedFault[] {
  const able = connections.filter(({ roles }) => ALL_ROLES.every((role) => roles.includes(role)));
  const names = able.map(({ name }) => name);
  return (['source', 'sink'] as const).flatMap((side) => {
    const { connection } = side === 'source' ? source : sink;
    const role = side === 'source' ? 'source' : 'target';
    const found = connections.find(({ name }) => name === connection);
    if (!found?.roles.includes(role) || names.includes(connection)) return [];
    const message = `holds no objects, which are what a copy is of; ${choice('', names)}`;
    return [{ code: 'connection_unsuitable', path: [side, 'connection'], message }];
  });
}

const ALL_ROLES: readonly Role[] = ['source', 'sink', 'target'];

/** New ids are known of the records that this job writes. */
function remapFaults({ source: { streams }, options }: RestoreSpec): NamedFault[] {
  if (!streams) return [];
  const isOfStream = (place: string) => streams.some((name) => place.startsWith(`${name}.`));
  return Object.entries(options?.remap ?? {})
    .filter(([, target]) => !isOfStream(target))
    .map(([field, target]) => ({
      code: 'spec_invalid',
      path: ['options', 'remap', field],
      message: `${target} is of a stream that is not restored: add it to \`source.streams\``,
    }));
}

const INABILITY: Readonly<Record<Role, string>> = {
  source: 'cannot be read',
  sink: 'cannot hold archives',
  target: 'cannot be restored into',
};

/** `side`: the field of the spec; `role`: what the connection must be able to be. */
function roleFaults(
  side: 'source' | 'sink',
  name: string,
  role: Role,
  connections: readonly PublicConnection[],
): NamedFault[] {
  const path = [side, 'connection'];
  const able = connections.filter(({ roles }) => roles.includes(role)).map((connection) => connection.name);
  const found = connections.find((connection) => connection.name === name);
  if (!found)
    return [{ code: 'connection_unknown', path, message: `no such connection; ${choice(name, able)}` }];
  if (found.roles.includes(role)) return [];
  const message = `a connection of type ${found.type} ${INABILITY[role]}; ${choice('', able)}`;
  return [{ code: 'connection_unsuitable', path, message }];
}

/** Only where the config says what streams there are; other sources are asked when the job runs. */
function streamFaults(
  source: { readonly connection: string; readonly streams?: readonly string[] | undefined },
  connections: readonly PublicConnection[],
): NamedFault[] {
  const known = connections.find(({ name }) => name === source.connection)?.streams;
  if (!known) return [];
  return (source.streams ?? []).flatMap((name, index) =>
    known.includes(name)
      ? []
      : [
          {
            code: 'stream_unknown',
            path: ['source', 'streams', index],
            message: `no such stream; ${choice(name, known)}`,
          },
        ],
  );
}

function choice(given: string, able: readonly string[]): string {
  const meant = nearest(given, able);
  return `${meant === null ? '' : `did you mean ${meant}? `}there are: ${able.join(', ') || 'none'}`;
}
