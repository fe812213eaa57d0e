// The login of a browser, as it goes over the wire.
import { z } from '@hono/zod-openapi';
import { KEY_ROLES } from '../core/key-roles.js';

export const sessionBody = z.strictObject({ key: z.string().min(1).max(500) }).meta({ id: 'SessionBody' });

export const session = z
  .object({
    name: z.string().nullable().describe('Of the key; null: the API has no keys.'),
    role: z.enum(KEY_ROLES),
    tenant: z.string().nullable().describe('Whose jobs the key sees; null: those of all.'),
  })
  .meta({ id: 'Session', description: 'Who is asking.' });
export type SessionView = z.infer<typeof session>;
