// The least role that each route needs. A route that is not in this table takes an admin's key, and fails a test.
import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { KeyRole } from '../core/key-roles.js';

/** `nobody`: the route needs no key. */
export type Least = KeyRole | 'nobody';

/** By method and path, as the OpenAPI document writes them. */
export const LEAST: Readonly<Record<string, Least>> = {
  'GET /healthz': 'nobody',
  'POST /v1/session': 'nobody',
  'DELETE /v1/session': 'nobody',

  'GET /v1/session': 'viewer',
  'GET /readyz': 'viewer',
  'GET /openapi.json': 'viewer',
  'GET /docs': 'viewer',
  'GET /metrics': 'viewer',
  'GET /v1/jobs': 'viewer',
  'GET /v1/jobs/{id}': 'viewer',
  'GET /v1/jobs/{id}/events': 'viewer',
  'GET /v1/jobs/{id}/rejects': 'viewer',
  'GET /v1/jobs/{id}/differences': 'viewer',
  'GET /v1/jobs/{id}/files': 'viewer',
  'GET /v1/jobs/{id}/files/{path}': 'viewer',
  'GET /v1/archives': 'viewer',
  'GET /v1/archives/{connection}/{path}': 'viewer',
  'GET /v1/connections': 'viewer',
  'GET /v1/queue': 'viewer',
  'GET /v1/schedules': 'viewer',
  'GET /v1/schedules/{name}': 'viewer',

  'POST /v1/jobs': 'operator',
  'PATCH /v1/jobs/{id}': 'operator',
  'POST /v1/jobs/{id}/pause': 'operator',
  'POST /v1/jobs/{id}/resume': 'operator',
  'POST /v1/jobs/{id}/cancel': 'operator',
  'POST /v1/jobs/{id}/retry': 'operator',
  'POST /v1/schedules': 'operator',
  'PUT /v1/schedules/{name}': 'operator',
  'DELETE /v1/schedules/{name}': 'operator',
  'POST /v1/schedules/{name}/pause': 'operator',
  'POST /v1/schedules/{name}/resume': 'operator',
  'POST /v1/schedules/{name}/trigger': 'operator',

  'DELETE /v1/archives/{connection}/{path}': 'admin',
  'POST /v1/connections/{name}/check': 'admin',
};

/** Routes whose figures are of all tenants: a key of one is not let in. */
export const OF_ALL: ReadonlySet<string> = new Set(['GET /metrics']);

/** The route that will answer, as the table writes it; null: there is none. A HEAD is answered where GET is. */
export function routeOf(c: Context): string | null {
  const route = matchedRoutes(c).find(({ method }) => method !== 'ALL');
  return route ? inTable(route) : null;
}

/** A route of the app, as the table writes it. */
export function inTable({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`;
}

/** Where nothing is, any key is told so. */
export function leastRoleOf(route: string | null): Least {
  return route === null ? 'viewer' : (LEAST[route] ?? 'admin');
}
