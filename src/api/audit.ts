// A line in the log for each request that changes something, or would: who, what, which job, and how it ended.
import type { Context, MiddlewareHandler } from 'hono';
import { knownCallerOf, type Caller } from './caller.js';
import { addressOf, isSafe } from './guard.js';
import { CODE } from './problems.js';
import { routeOf } from './roles.js';

export interface AuditLine {
  /** Name of the key; null: the API has none. */
  readonly who: string | null;
  readonly tenant: string | null;
  readonly address: string;
  /** `POST /v1/jobs/{id}/pause` */
  readonly what: string;
  readonly job: string | null;
  readonly connection: string | null;
  readonly schedule: string | null;
  readonly status: number;
  /** Of the problem that it was answered with. */
  readonly code: string | null;
}
export type Audit = (line: AuditLine) => void;

/** A key that is not known: the key itself is never said. */
export type LogRefusal = (refusal: { readonly address: string; readonly request: string | null }) => void;

/** Whoever is not let in has a line from `LogRefusal`, and cannot fill the log with others. */
export function createAudit(audit: Audit): MiddlewareHandler {
  return async (c, next) => {
    // Afterwards the socket may be gone.
    const address = addressOf(c);
    await next();
    const [what, caller] = [routeOf(c), knownCallerOf(c)];
    if (what !== null && caller !== null && !isSafe(c)) audit(lineOf(c, { what, caller, address }));
  };
}

function lineOf(
  c: Context,
  { what, caller, address }: { what: string; caller: Caller; address: string },
): AuditLine {
  return {
    who: caller.name,
    tenant: caller.tenant,
    address,
    what,
    job: jobOf(c),
    connection: decoded(/^\/v1\/connections\/([^/]+)\//.exec(c.req.path)?.[1]),
    schedule: scheduleOf(c),
    status: c.res.status,
    code: (c.get(CODE) as string | undefined) ?? null,
  };
}

/** What was started is where the answer says; what was steered, where the request went. */
function jobOf(c: Context): string | null {
  const place = c.res.headers.get('location') ?? c.req.path;
  return decoded(/^\/v1\/jobs\/([^/]+)/.exec(place)?.[1]);
}

function scheduleOf(c: Context): string | null {
  const places = [c.res.headers.get('location') ?? '', c.req.path];
  return decoded(places.flatMap((place) => /^\/v1\/schedules\/([^/]+)/.exec(place)?.[1] ?? [])[0]);
}

function decoded(part: string | undefined): string | null {
  try {
    return part === undefined ? null : decodeURIComponent(part);
  } catch {
    return null;
  }
}
