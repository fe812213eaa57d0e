// A connection to a connector of one's own, named under `connectors`. Only the worker, which loads it, knows its settings.
import { z } from 'zod';
import type { JsonObject } from '../core/json.js';
import { window } from './window.js';

const fields = {
  /** What jobs can use it for. Default: `[source]`. */
  roles: z
    .array(z.enum(['source', 'target']))
    .min(1)
    .optional(),
  /** Those that Longhaul itself keeps: a connector paces its own requests. */
  limits: z
    .strictObject({
      concurrency: z.number().int().min(1).max(64).optional(),
      requestsPerDay: z.number().int().min(1).optional(),
      window: window.optional(),
    })
    .optional(),
};

/** As it is written. */
export const ownFields = z.looseObject({ type: z.string().min(1), ...fields });

/** As it is used: with a type that tells it from the others, its own type as `connector`, and the rest as `settings`. */
export function ownConnection(types: readonly [string, ...string[]]) {
  return z
    .looseObject({ type: z.enum(types), ...fields })
    .transform(({ type, roles, limits, ...settings }) => ({
      type: 'own' as const,
      connector: type,
      roles: roles ?? ['source' as const],
      limits: limits ?? {},
      settings: settings as JsonObject,
    }));
}
export type OwnConnection = z.infer<ReturnType<typeof ownConnection>>;
