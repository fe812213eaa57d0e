// The login of a browser: a key goes in once, and a session comes back as a cookie that no script can read.
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { check } from '../core/faults.js';
import { keyOf, SESSION_COOKIE, type AccessDeps } from './access.js';
import { readJson } from './bodies.js';
import { callerOf, setCaller } from './caller.js';
import { isSecure } from './guard.js';
import { callerWith } from './keyring.js';
import { RequestFaults } from './problems.js';
import { badRequest, failed, json, misaddressed, problem, refused, unlessKeyed } from './routes.js';
import { session, sessionBody, type SessionView } from './session-contracts.js';
import { SESSION_SECONDS } from './sessions.js';

const cookie = { 'Set-Cookie': { description: 'The session.', schema: { type: 'string' as const } } };

export const showSession = createRoute({
  method: 'get',
  path: '/v1/session',
  operationId: 'showSession',
  tags: ['session'],
  summary: 'Show who is asking',
  responses: { 200: json(session, 'Of the key or the session.'), ...refused, ...failed },
});

export const beginSession = createRoute({
  method: 'post',
  path: '/v1/session',
  operationId: 'beginSession',
  tags: ['session'],
  summary: 'Log in',
  description:
    'The cookie is good for twelve hours. A request with it that changes something needs `Origin`.',
  request: {
    body: {
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/SessionBody' } } },
    },
  },
  responses: {
    200: { ...json(session, 'Logged in.'), headers: cookie },
    ...badRequest,
    413: problem('The body is too large (`request_invalid`).'),
    415: problem('The body is not said to be JSON (`request_invalid`).'),
    ...unlessKeyed,
    ...misaddressed,
    ...failed,
  },
});

export const endSession = createRoute({
  method: 'delete',
  path: '/v1/session',
  operationId: 'endSession',
  tags: ['session'],
  summary: 'Log out',
  description: 'Harmless where there is no session.',
  responses: { 204: { description: 'There is none any more.', headers: cookie }, ...misaddressed, ...failed },
});

export function sessionOf(c: Context): SessionView {
  const { name, role, tenant } = callerOf(c);
  return { name, role, tenant };
}

/** Throws `request_invalid`, and for a key that is not known. */
export async function begin(c: Context, deps: AccessDeps): Promise<SessionView> {
  const checked = check(sessionBody, await readJson(c));
  if (!checked.ok) throw new RequestFaults('request_invalid', checked.faults);
  const key = keyOf(c, checked.value.key, 'login', deps);
  setCookie(c, SESSION_COOKIE, deps.sessions.begin(key), {
    ...attributesOf(c),
    maxAge: SESSION_SECONDS,
  });
  setCaller(c, callerWith(key));
  return sessionOf(c);
}

export function end(c: Context, { sessions }: AccessDeps): void {
  const token = getCookie(c, SESSION_COOKIE);
  const key = token === undefined ? null : sessions.find(token);
  if (key) setCaller(c, callerWith(key));
  if (token !== undefined) sessions.end(token);
  deleteCookie(c, SESSION_COOKIE, attributesOf(c));
}

function attributesOf(c: Context) {
  return { path: '/', httpOnly: true, sameSite: 'Strict', secure: isSecure(c) } as const;
}
