// The shape of longhaul.config.yml. Connectors take their part of it; the API reads names, types and limits only.
import { z } from 'zod';
import { fileConnection } from './file.js';
import { httpConnection } from './http.js';
import { keySchema } from './keys.js';
import { ownConnection, type OwnConnection } from './own.js';
import { postgresConnection } from './postgres.js';
import { s3Connection } from './s3.js';

const BUILT_IN = [httpConnection, postgresConnection, fileConnection, s3Connection] as const;
export const BUILT_IN_TYPES: readonly string[] = BUILT_IN.flatMap(({ shape }) => [...shape.type.values]);

export const connectionSchema = z.discriminatedUnion('type', BUILT_IN);
export type ConnectionConfig = z.infer<typeof connectionSchema> | OwnConnection;

const connectionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'a name: letters, digits, "_" and "-", 63 at most');

export const configSchema = z.strictObject({
  /** Modules with connectors of one's own, from the folder of this file. */
  connectors: z.array(z.string().min(1)).optional(),
  connections: z.record(connectionName, connectionSchema),
  /** Who may use the API. Without keys it serves its own machine only. */
  keys: z
    .array(keySchema)
    .refine(
      (keys) => new Set(keys.map((key) => key.name)).size === keys.length,
      'two keys have the same name',
    )
    .optional(),
  api: z
    .strictObject({
      /** Names under which the API is called, beside localhost and addresses. Any port. */
      hosts: z.array(
        z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'a host name in lower case, without a port'),
      ),
    })
    .optional(),
  /** What `longhaul dev` starts beside Temporal, API and workers. */
  dev: z
    .strictObject({
      /** Serves the sample API on this loopback port, so that a fresh checkout has something to back up. */
      sampleApi: z.strictObject({ port: z.number().int().min(1).max(65_535) }).optional(),
    })
    .optional(),
});

export type Config = Omit<z.infer<typeof configSchema>, 'connections'> & {
  readonly connections: Readonly<Record<string, ConnectionConfig>>;
};

/** The config that knows these connections instead. */
export function configWith<T>(connection: z.ZodType<T>) {
  return configSchema.extend({ connections: z.record(connectionName, connection) });
}

/** The schema for a config as it was read: where it names connectors, other types than the built-in ones are theirs. */
export function configSchemaFor(raw: unknown): z.ZodType<Config> {
  const [first, ...rest] = ownTypes(raw);
  if (first === undefined) return configSchema;
  return configWith(z.discriminatedUnion('type', [...BUILT_IN, ownConnection([first, ...rest])]));
}

function ownTypes(raw: unknown): string[] {
  const { connectors, connections } = (raw ?? {}) as { connectors?: unknown; connections?: unknown };
  if (!Array.isArray(connectors) || connectors.length === 0) return [];
  const types = Object.values(connections ?? {}).map((each) => (each as { type?: unknown } | null)?.type);
  return types.filter((type) => typeof type === 'string').filter((type) => !BUILT_IN_TYPES.includes(type));
}
