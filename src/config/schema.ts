// The shape of longhaul.config.yml. Connectors take their part of it; the API reads names, types and limits only.
import { z } from 'zod';
import { fileConnection } from './file.js';
import { httpConnection } from './http.js';
import { keySchema } from './keys.js';
import { postgresConnection } from './postgres.js';

export const connectionSchema = z.discriminatedUnion('type', [
  httpConnection,
  postgresConnection,
  fileConnection,
]);
export type ConnectionConfig = z.infer<typeof connectionSchema>;

export const configSchema = z.strictObject({
  connections: z.record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'a name: letters, digits, "_" and "-", 63 at most'),
    connectionSchema,
  ),
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
export type Config = z.infer<typeof configSchema>;
