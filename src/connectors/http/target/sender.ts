// Sends records of one partition until the API has taken or refused them: each request under a key that is the same on
// every attempt, and in halves where many are refused together.
import type { Context, Target } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import type { SinkOptions } from '../../../core/registry.js';
import type { Client } from '../client.js';
import { now } from '../clock.js';
import { writeFault } from '../faults.js';
import { isSuccess, type Response } from '../transport.js';
import { newKeysIn } from './answers.js';
import { batchBody, hasField, keyFor, pathFor } from './requests.js';
import type { Route } from './routes.js';

export interface Outgoing {
  /** In the partition, from 0. */
  readonly position: number;
  /** As it came, its line end included. */
  readonly source: Uint8Array;
  /** What is sent. */
  readonly body: Uint8Array;
}

/** What became of a record. */
export interface Outcome {
  readonly record: Outgoing;
  readonly refusal: Refusal | null;
  /** Raw JSON text; null: none was asked for, or the record was refused. */
  readonly newKey: string | null;
}

export interface Refusal {
  readonly code: 'restore_conflict' | 'record_refused' | 'reference_unknown';
  /** Names no value. */
  readonly message: string;
  /** What may be kept beside the data only. */
  readonly detail: string;
}

export interface SenderDeps {
  readonly client: Client;
  /** URL that paths are below, without a `/` at its end. */
  readonly root: string;
  readonly job: string;
  readonly target: Target;
  readonly route: Route;
  /** Where an answer has the new key; null: nobody asks for it. */
  readonly newKey: string | null;
  readonly patiently: SinkOptions['patiently'];
}

/** The outcome of each record, in order. They go into one request: several only where the route has batches. */
export type Sender = (ctx: Context, records: readonly Outgoing[]) => Promise<readonly Outcome[]>;

/** As long a lost attempt may still be at work on a request that it sent. */
const SETTLING_MS = 10_000;
/** A conflict that may be with a request of our own is believed when it has come so many times in a row. */
const CONFLICTS_BELIEVED = 5;

export function createSender(deps: SenderDeps): Sender {
  const { client, route, patiently, target } = deps;
  const what = `${route.stream}: ${route.method} ${route.path}`;
  const begun = now();

  async function send(ctx: Context, records: readonly Outgoing[]): Promise<readonly Outcome[]> {
    const path = pathFor(route.path, records[0]!.body);
    if (path === null) return [refused(records[0]!, noPath(route))];
    const answer = await deliver(ctx, path, records);
    if (isSuccess(answer.status)) return taken(records, answer);
    if (records.length === 1) return [refused(records[0]!, refusalOf(what, answer))];
    const half = Math.ceil(records.length / 2);
    const first = await send(ctx, records.slice(0, half));
    return [...first, ...(await send(ctx, records.slice(half)))];
  }

  /** Resolves with what the API says of the records; what says nothing of them is thrown. */
  function deliver(ctx: Context, path: string, records: readonly Outgoing[]): Promise<Response> {
    const request = requestFor(path, records);
    let mayBeOurs = now() < begun + SETTLING_MS;
    let conflicts = 0;
    return patiently(ctx, async () => {
      const answer = await client.write(ctx, request).catch((error: unknown) => {
        mayBeOurs = true;
        throw error;
      });
      if (answer.status === 207) throw manyAnswers(what);
      if (isSuccess(answer.status)) return answer;
      if (!isRefusal(answer.status, route)) {
        mayBeOurs ||= answer.status >= 500;
        throw writeFault(what, answer);
      }
      if (answer.status !== 409 || !mayBeOurs) return answer;
      conflicts += 1;
      if (conflicts < CONFLICTS_BELIEVED) throw atWork(what);
      return answer;
    });
  }

  function requestFor(path: string, records: readonly Outgoing[]) {
    const bodies = records.map(({ body }) => body);
    const [first, last] = [records[0]!.position, records.at(-1)!.position];
    const key = keyFor([deps.job, target.stream, target.partition, first, last]);
    return {
      what,
      method: route.method,
      url: new URL(`${deps.root}/${path.replace(/^\/+/, '')}`),
      headers: { 'content-type': 'application/json', ...route.headers, [route.idempotencyKey]: key },
      body: route.batch ? batchBody(bodies, route.batch.records ?? '') : bodies[0]!,
    };
  }

  async function taken(records: readonly Outgoing[], { bytes }: Response): Promise<Outcome[]> {
    const shape = deps.newKey !== null && {
      answers: route.batch && (route.batch.answers ?? ''),
      newKey: deps.newKey,
    };
    const keys = shape ? await newKeysIn(what, bytes, shape, records.length) : [];
    return records.map((record, i) => ({ record, refusal: null, newKey: keys[i] ?? null }));
  }

  return send;
}

function refused(record: Outgoing, refusal: Refusal): Outcome {
  return { record, refusal, newKey: null };
}

const REFUSALS = new Set([400, 409, 413, 422]);

/** Whether the answer is about the records, not about the request as such. */
function isRefusal(status: number, { path }: Route): boolean {
  return REFUSALS.has(status) || ((status === 404 || status === 410) && hasField(path));
}

const LONGEST_REASON = 500;

function refusalOf(what: string, { status, bytes }: Response): Refusal {
  const said = Buffer.from(bytes).toString('utf8').trim().slice(0, LONGEST_REASON);
  return {
    code: status === 409 ? 'restore_conflict' : 'record_refused',
    message: `${what} answered ${status}`,
    detail: said === '' ? String(status) : `${status}: ${said}`,
  };
}

function noPath({ stream, path }: Route): Refusal {
  const message = `${stream}: the path ${path} needs a value that the record does not have as a text or number`;
  return { code: 'record_refused', message, detail: message };
}

/** An API that knows keys says so of a request that it has not done with (409), as it does of a record that is there. */
function atWork(what: string): LonghaulError {
  const message = `${what} answered 409: it may still be at work on the same request.`;
  return new LonghaulError('source_unavailable', message);
}

function manyAnswers(what: string): LonghaulError {
  const message = `${what} answered 207: it may have taken some of the records and refused others.`;
  return new LonghaulError('source_refused', message, {
    hint: 'Records are written in batches only where the API takes a batch whole or not at all: leave `batch` out.',
  });
}
