// The shape of longhaul.config.yml. Connectors take their part of it; the API reads names, types and limits only.
import { z } from 'zod';
import { fileConnection } from './file.js';
import { httpConnection } from './http.js';
import { postgresConnection } from './postgres.js';
import { s3Connection } from './s3.js';

export const connectionSchema = z.discriminatedUnion('type', [
  httpConnection,
  postgresConnection,
  fileConnection,
  s3Connection,
]);
export type ConnectionConfig = z.infer<typeof connectionSchema>;

export const configSchema = z.strictObject({
  connections: z.record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'a name: letters, digits, "_" and "-", 63 at most'),
    connectionSchema,
  ),
  /** What `longhaul dev` starts beside Temporal, API and workers. */
  dev: z
    .strictObject({
      /** Serves the sample API on this loopback port, so that a fresh checkout has something to back up. */
      sampleApi: z.strictObject({ port: z.number().int().min(1).max(65_535) }).optional(),
    })
    .optional(),
});
export type Config = z.infer<typeof configSchema>;
