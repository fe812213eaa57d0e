// A PostgreSQL database.
import { z } from 'zod';
import { window } from './window.js';

export const postgresConnection = z.strictObject({
  type: z.literal('postgres'),
  /** postgres://user:password@host:port/database?sslmode=… */
  url: z.string().min(1),
  /** Tables are looked for in these schemas; default: all but the system's. */
  schemas: z.array(z.string().min(1)).min(1).optional(),
  /** Longest silence of the server before a query counts as lost. Default 60. */
  timeoutSeconds: z.number().positive().max(3_600).optional(),
  limits: z
    .strictObject({
      concurrency: z.number().int().min(1).max(64).optional(),
      window: window.optional(),
    })
    .optional(),
});
export type PostgresConnection = z.infer<typeof postgresConnection>;
