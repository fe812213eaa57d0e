// Bodies of requests: JSON that is said to be JSON, which no page of a foreign site can send unasked.
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { LonghaulError } from '../core/errors.js';
import { check } from '../core/faults.js';
import type { JobChange } from '../core/work.js';
import { changeBody, retryBody } from './contracts.js';
import { RequestFaults } from './problems.js';

const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;|$)/i;

/** Throws a 415 for another content type, and `request_invalid` for what is no JSON. */
export async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header('content-type');
  if (type === undefined || !JSON_TYPE.test(type)) {
    throw new HTTPException(415, { message: 'The body must be JSON: send content-type: application/json.' });
  }
  return parse(await c.req.text());
}

/** Whether only what was set aside is to be tried again. No body asks for the whole job. */
export async function asksForRejects(c: Context): Promise<boolean> {
  if ((await c.req.text()) === '') return false;
  const checked = check(retryBody, await readJson(c));
  if (!checked.ok) throw new RequestFaults('request_invalid', checked.faults);
  return checked.value.rejects ?? false;
}

export async function readChange(c: Context): Promise<JobChange> {
  const checked = check(changeBody, await readJson(c));
  if (!checked.ok) throw new RequestFaults('request_invalid', checked.faults);
  return checked.value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LonghaulError('request_invalid', 'The body is not JSON.', { cause });
  }
}
