// How test/support/fake-api.ts lets in: a bearer token that is known from the start, and those that it gives.
//
//   POST /oauth/token   client `client` and secret `secret` by HTTP Basic (RFC 6749, 4.4)
//   POST /login         `name` and `password`, or both in `user`, as JSON or a form: the same two. Answers
//                       {"session":{"token":"token-1","expires":3600}} and the cookies `session` and `node`
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface LoggedLogin {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export type FakeTokens = ReturnType<typeof createFakeTokens>;

const JSON_TYPE = { 'content-type': 'application/json' };

export function createFakeTokens(first: string | undefined) {
  const known = new Set(first === undefined ? [] : [first]);
  const logins: LoggedLogin[] = [];
  let given = 0;

  const newToken = () => {
    const token = `token-${++given}`;
    known.add(token);
    return token;
  };

  const toClient = ({ headers }: IncomingMessage, response: ServerResponse) => {
    if (headers.authorization !== `Basic ${Buffer.from('client:secret').toString('base64')}`)
      return void response.writeHead(401).end('{"error":"invalid_client"}');
    const body = { access_token: newToken(), token_type: 'Bearer', expires_in: 3_600 };
    response.writeHead(200, JSON_TYPE).end(JSON.stringify(body));
  };

  const toUser = async (request: IncomingMessage, response: ServerResponse) => {
    const { headers } = request;
    const body = await textOf(request);
    logins.push({ body, headers });
    if (!isUser(headers['content-type'] ?? '', body))
      return void response.writeHead(422, JSON_TYPE).end(`{"error":${JSON.stringify(body)}}`);
    const token = newToken();
    const cookies = ['old=; Max-Age=0', 'session=stale', `session=${token}; Path=/; HttpOnly`, 'node=n 1'];
    response
      .writeHead(200, { ...JSON_TYPE, 'set-cookie': cookies })
      .end(JSON.stringify({ session: { token, expires: 3_600 } }));
  };

  return {
    logins: logins as readonly LoggedLogin[],
    given: () => given,
    expire: () => known.clear(),
    /** Answers the request if it is one for a token. */
    takes(path: string, request: IncomingMessage, response: ServerResponse): boolean {
      if (path === '/oauth/token') toClient(request, response);
      else if (path === '/login') void toUser(request, response);
      else return false;
      return true;
    },
    letsIn: ({ headers }: IncomingMessage): boolean =>
      first === undefined || tokensIn(headers).some((token) => known.has(token)),
  };
}

function isUser(type: string, body: string): boolean {
  if (type === 'application/json') {
    const { user, ...rest } = JSON.parse(body) as Record<string, unknown>;
    const { name, password } = (user ?? rest) as Record<string, unknown>;
    return name === 'client' && password === 'secret';
  }
  const form = new URLSearchParams(body);
  const field = (name: string) => form.get(name) ?? form.get(`user[${name}]`);
  return field('name') === 'client' && field('password') === 'secret';
}

function tokensIn(headers: IncomingMessage['headers']): string[] {
  const session = /(?:^|; )session=([^;]+)/.exec(headers.cookie ?? '')?.[1];
  return [headers.authorization?.replace(/^Bearer /, ''), headers['x-session'], session].filter(
    (token) => typeof token === 'string',
  );
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
