// A REST API: where it is, who asks, how fast, how each of its collections is paged, and how records are written to it.
import { z } from 'zod';
import { window } from './window.js';

/** A dotted path into the body: `data`, `meta.next`; empty: the body itself. */
const path = z.string().max(500);
const param = z.string().min(1).max(200);
const value = z.union([z.string(), z.number(), z.boolean()]);

const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('bearer'), token: z.string().min(1) }),
  z.strictObject({ type: z.literal('basic'), username: z.string(), password: z.string() }),
  z.strictObject({
    type: z.literal('api_key'),
    key: z.string().min(1),
    /** Name of the header or query parameter. Default: header `X-API-Key`. */
    name: param.optional(),
    in: z.enum(['header', 'query']).optional(),
  }),
  /** Fetches a token by POST and again when it expires or is refused (RFC 6749, 4.4). */
  z.strictObject({
    type: z.literal('oauth2_client_credentials'),
    tokenUrl: z.string().min(1),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    scope: z.string().optional(),
  }),
  /** Sends credentials by POST and takes the token, or the session cookies, of the answer; again when it ends or is refused. */
  z
    .strictObject({
      type: z.literal('login'),
      /** Below the origin of `baseUrl`, unless it is a whole URL. */
      loginUrl: z.string().min(1),
      body: z.record(z.string(), z.union([value, z.record(z.string(), value)])),
      /** How the body is written. Default: `json`. */
      encoding: z.enum(['json', 'form']).optional(),
      /** Where the token is in the answer. Default: there is none, and the cookies that the answer sets are sent. */
      tokenPath: path.optional(),
      /** Which header carries the token. Default: `Authorization`. */
      header: param.optional(),
      /** Stands before the token. Default: `Bearer` in `Authorization`, else nothing. */
      scheme: z.string().max(200).optional(),
      /** Where the answer says how long it is good for: seconds, an epoch or a date. */
      expiresPath: path.optional(),
      /** How long it is good for where the answer does not say. Default: until it is refused. */
      lifetimeSeconds: z.number().positive().optional(),
    })
    .refine(({ tokenPath, header, scheme }) => tokenPath !== undefined || (header ?? scheme) === undefined, {
      path: ['tokenPath'],
      message:
        'is missing: `header` and `scheme` say how a token is sent, and it where in the answer that is',
    }),
]);

/** `total_path` leads to the number of records; a stream that has it can show how far it is. */
const paginator = z.discriminatedUnion('type', [
  /** The body names the next page by a cursor; absent, null or "" ends. */
  z.strictObject({
    type: z.literal('cursor'),
    cursor_path: path,
    cursor_param: param,
    total_path: path.optional(),
  }),
  /** A header of the answer holds that cursor; absent or empty ends. */
  z.strictObject({
    type: z.literal('header_cursor'),
    cursor_header: param,
    cursor_param: param,
    total_path: path.optional(),
  }),
  /** The body holds the URL of the next page. Only the connection's own origin is followed. */
  z.strictObject({ type: z.literal('json_link'), next_url_path: path, total_path: path.optional() }),
  /** RFC 8288 `Link: <…>; rel="next"`. Only the connection's own origin is followed. */
  z.strictObject({ type: z.literal('header_link'), rel: z.string().optional(), total_path: path.optional() }),
  /** `offset` counts records. Ends at an empty page, or at `total_path` where given. */
  z.strictObject({ type: z.literal('offset'), offset_param: param.optional(), total_path: path.optional() }),
  /** Pages are numbered. Ends at an empty page, or at `total_path` (records) or `total_pages_path`. */
  z.strictObject({
    type: z.literal('page_number'),
    page_param: param.optional(),
    first: z.number().int().min(0).optional(),
    total_path: path.optional(),
    total_pages_path: path.optional(),
  }),
  z.strictObject({ type: z.literal('single_page') }),
]);

const writing = {
  method: z.enum(['POST', 'PUT', 'PATCH']),
  /** Below baseUrl. `{field}` is a member at the top of the record. */
  path: z.string().min(1).max(2_000),
  /** Many records in one request. The API has to take them whole or not at all. Default: one record a request. */
  batch: z
    .strictObject({
      size: z.number().int().min(1).max(1_000),
      /** Where the array of records goes in the body; default: it is the body. */
      records: path.optional(),
      /** Where the array of answers is in the answer, one for each record in order; default: it is the body. */
      answers: path.optional(),
    })
    .optional(),
};

const write = z.strictObject({
  ...writing,
  /** Instead of the above where a restore runs with mode `upsert`; not needed where the method is PUT. */
  upsert: z.strictObject(writing).optional(),
  /** The header that tells a repeated request from a new one. Default `Idempotency-Key`. */
  idempotencyKey: param.optional(),
  /** Where the answer to a record has the key that the API has given it; default: the field of the stream's key. */
  newKey: path.optional(),
});

const stream = z.strictObject({
  /** Below baseUrl. */
  path: z.string().min(1),
  key: z.array(z.string().min(1)).optional(),
  /** Where the array of records is in the body. */
  records: path,
  paginator,
  /** How a page's size is asked for. Offsets advance by the records that came, not by this. */
  pageSize: z.strictObject({ param, size: z.number().int().min(1).max(100_000) }).optional(),
  /** Fixed query parameters. */
  params: z.record(z.string(), value).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** How a restore writes records of this stream. */
  write: write.optional(),
});

export const httpConnection = z.strictObject({
  type: z.literal('http'),
  baseUrl: z.string().min(1),
  auth: auth.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Longest silence of the server, and longest wait for an answer to begin. Default 60. */
  timeoutSeconds: z.number().positive().max(3_600).optional(),
  /** A body larger than this is refused by name. Default 256 MiB. */
  maxPageBytes: z.number().int().min(1).optional(),
  limits: z
    .strictObject({
      requestsPerSecond: z.number().positive().optional(),
      concurrency: z.number().int().min(1).max(64).optional(),
      requestsPerDay: z.number().int().min(1).optional(),
      window: window.optional(),
    })
    .optional(),
  streams: z.record(z.string().min(1).max(200), stream),
});
export type HttpConnection = z.infer<typeof httpConnection>;
export type HttpStream = z.infer<typeof stream>;
export type HttpWrite = NonNullable<HttpStream['write']>;
export type HttpAuth = NonNullable<HttpConnection['auth']>;
export type HttpPaginator = HttpStream['paginator'];
