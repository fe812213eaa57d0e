// A real HTTP server that takes records as a REST API does, keeps them as the raw texts they came in, and misbehaves exactly
// as a test tells it to.
//
//   const target = await startFakeTarget({ newId: (_collection, n) => String(9_000_000 + n) });
//   POST /contacts, PUT /contacts/7, PATCH /contacts/7; several records as an array, or at `place` of the body.
//
//   target.addFault().after(3).lose();               // the fourth request is done, and its answer lost
//   target.addFault().status(503, { 'retry-after': '1' }).times(2);
//   target.assertAllFaultsFired();
//
//   const hold = target.hold(4);                     // the fifth request is done, and its answer stands
//   await hold.reached(); … hold.release();
//
//   target.texts('contacts'); target.requests;
//
// It remembers idempotency keys (unless told not to) and answers a repeated one with the first answer. A batch is taken
// whole or not at all.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBell, createGate, type Gate, type Hold } from './bell.js';
import { elementsOf, memberOf } from './raw-json.js';

export interface FakeTargetOptions {
  readonly knowsKeys?: boolean;
  /** Raw JSON text of the key that the `n`th record of a collection gets, from 0; default: it keeps its own. */
  readonly newId?: (collection: string, n: number) => string;
  /** A status for a record that is not taken. */
  readonly refuses?: (record: string) => number | null;
  /** A record whose key is there is refused by POST. */
  readonly unique?: boolean;
  /** Where the array of records is in a body, and that of answers in an answer. */
  readonly place?: string;
  /** The answer to every so many-th request is lost. */
  readonly losesEvery?: number;
  /** Besides this one it lets in those that POST /oauth/token gives. Default: everybody. */
  readonly token?: string;
}

export interface TargetRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  /** It had been answered before, under the same key. */
  repeated: boolean;
  /** null: it was not answered. */
  status: number | null;
}

interface Told {
  readonly status: number;
  readonly body: string;
}

export type FakeTarget = Awaited<ReturnType<typeof startFakeTarget>>;

const JSON_TYPE = { 'content-type': 'application/json' };

export async function startFakeTarget(options: FakeTargetOptions = {}) {
  const requests: TargetRequest[] = [];
  const faults: TargetFault[] = [];
  const gates: Gate[] = [];
  const arrivals = createBell();
  const collections = new Map<string, Map<string, string>>();
  const answered = new Map<string, Told & { readonly body: string; readonly asked: string }>();
  const tokens = new Set(options.token === undefined ? [] : [options.token]);

  function perform(request: TargetRequest): Told {
    const [, name = '', id] = request.path.split('?')[0]!.split('/');
    const collection = collections.get(name) ?? new Map<string, string>();
    collections.set(name, collection);
    const key = id === undefined ? null : JSON.stringify(decodeURIComponent(id));
    const isBatch = key === null && textAt(request.body, options.place)?.startsWith('[');
    const records = isBatch ? elementsOf(textAt(request.body, options.place)!) : [request.body];
    const refusal = records.map((record) => refusalOf(collection, request.method, record, key)).find(Boolean);
    if (refusal) return { status: refusal, body: `{"error":"refused","status":${refusal}}` };
    const ids = records.map((record) => {
      const given =
        options.newId?.(name, collection.size) ?? memberOf(record, 'id') ?? String(collection.size);
      // A second record of one key is one too many, and has to show.
      collection.set(key ?? (collection.has(given) ? `${given} again, ${collection.size}` : given), record);
      return `{"ok":true,"id":${given}}`;
    });
    const body = isBatch ? wrapped(`[${ids.join()}]`, options.place) : ids[0]!;
    return { status: request.method === 'POST' ? 201 : 200, body };
  }

  function refusalOf(
    collection: ReadonlyMap<string, string>,
    method: string,
    record: string,
    key: string | null,
  ): number | null {
    const status = options.refuses?.(record) ?? null;
    if (status !== null) return status;
    if (method === 'PATCH' && !collection.has(key ?? '')) return 404;
    return options.unique && method === 'POST' && collection.has(memberOf(record, 'id') ?? '') ? 409 : null;
  }

  function answerTo(request: TargetRequest): Told {
    const { key, path, method, body } = request;
    if (key === undefined || options.knowsKeys === false) return perform(request);
    const asked = `${method} ${path} ${body}`;
    const known = answered.get(key);
    if (known) {
      request.repeated = true;
      return known.asked === asked
        ? known
        : { status: 422, body: '{"error":"another request had this key"}' };
    }
    const told = perform(request);
    answered.set(key, { ...told, asked });
    return told;
  }

  const giveToken = (response: ServerResponse) => {
    const token = `token-${tokens.size}`;
    tokens.add(token);
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({ access_token: token }));
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    if (incoming.url === '/oauth/token') return giveToken(response);
    const request: TargetRequest = {
      method: incoming.method!,
      path: incoming.url!,
      key: incoming.headers['idempotency-key'] as string | undefined,
      body: await bodyOf(incoming),
      headers: incoming.headers,
      repeated: false,
      status: null,
    };
    requests.push(request);
    const count = requests.length;
    arrivals.ring();
    response.on('finish', () => (request.status = response.statusCode));
    if (tokens.size > 0 && !tokens.has(incoming.headers.authorization?.replace('Bearer ', '') ?? ''))
      return void response.writeHead(401, JSON_TYPE).end('{}');
    const fault = faults.find((each) => each.takes());
    if (fault && !fault.performs) return fault.strike(response);
    const { status, body } = answerTo(request);
    await Promise.all(gates.map((gate) => gate.pass('all')));
    if (fault) return fault.strike(response);
    if (options.losesEvery !== undefined && count % options.losesEvery === 0)
      return void response.socket?.resetAndDestroy();
    response.writeHead(status, JSON_TYPE).end(body);
  };

  const server = createServer((incoming, response) => void handle(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: requests as readonly TargetRequest[],
    /** Raw records in the order in which they were first taken. */
    texts: (collection: string): string[] => [...(collections.get(collection)?.values() ?? [])],
    /** Raw records by the raw text of their key. */
    collection: (name: string): ReadonlyMap<string, string> => collections.get(name) ?? new Map(),
    /** Forgets the records of a collection. */
    clear: (collection: string) => void collections.delete(collection),
    /** Forgets requests and their keys, so that a long run does not fill memory. */
    forget() {
      requests.length = 0;
      answered.clear();
    },
    addFault(): TargetFault {
      const fault = new TargetFault();
      faults.push(fault);
      return fault;
    },
    assertAllFaultsFired(): void {
      if (faults.some((fault) => !fault.isSpent())) throw new Error('a fault of the target did not fire');
    },
    hold(after = 0): Hold {
      const gate = createGate('all', after);
      gates.push(gate);
      return gate;
    },
    async waitFor(count: number): Promise<void> {
      while (requests.length < count) await arrivals.heard();
    },
    async close(): Promise<void> {
      for (const gate of gates) gate.release();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Strikes requests that it was told to, a counted number of times. */
export class TargetFault {
  /** Whether the request is done first. */
  performs = false;
  private passing = 0;
  private left = 1;
  private effect: (response: ServerResponse) => void = (response) => void response.socket?.resetAndDestroy();

  after(requests: number): this {
    this.passing = requests;
    return this;
  }
  times(count: number): this {
    this.left = count;
    return this;
  }
  /** The request is done, and the connection reset instead of an answer. */
  lose(): this {
    this.performs = true;
    return this;
  }
  /** The connection is reset, and nothing done. */
  reset(): this {
    return this;
  }
  /** The request is done and answered with an error all the same. */
  lie(status: number): this {
    return this.done(status, {});
  }
  /** The request is done and answered like this. */
  done(status: number, headers: Readonly<Record<string, string>>): this {
    this.performs = true;
    return this.status(status, headers);
  }
  status(
    code: number,
    headers: Readonly<Record<string, string>> = {},
    body = '{"error":"as scripted"}',
  ): this {
    this.effect = (response) => void response.writeHead(code, { ...JSON_TYPE, ...headers }).end(body);
    return this;
  }

  takes(): boolean {
    if (this.left === 0 || this.passing-- > 0) return false;
    this.left -= 1;
    return true;
  }
  strike(response: ServerResponse): void {
    this.effect(response);
  }
  isSpent(): boolean {
    return this.left === 0;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function textAt(body: string, place: string | undefined): string | undefined {
  return place === undefined ? body : memberOf(body, place);
}

function wrapped(array: string, place: string | undefined): string {
  return place === undefined ? array : `{${JSON.stringify(place)}:${array}}`;
}
