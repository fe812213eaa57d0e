// Gets pages of JSON records over HTTP as the built-in connector does: bytes as they came, every fault named.
import { readBody } from '../connectors/http/body.js';
import { describeRequest, statusFault } from '../connectors/http/faults.js';
import { createTransport, isSuccess } from '../connectors/http/transport.js';
import type { Context, Payload } from '../core/connector.js';
import { Stopped } from '../core/errors.js';

export interface JsonRequest {
  /** Names the request in errors, with the path of the URL. */
  readonly stream: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Dotted path of the array of records in the body; `''`: it is the body. */
  readonly records: string;
  /** Dotted paths of other values that are wanted, by the names under which they are answered. */
  readonly values?: Readonly<Record<string, string>>;
}

export interface JsonPage<Name extends string> {
  readonly payload: Payload;
  readonly records: number;
  /** A string as it is, anything else as its JSON text; null where there is none, or a null. */
  readonly values: Readonly<Record<Name, string | null>>;
}

/**
 * One request, its records cut out of the answer without decoding them. Nothing is tried twice: the engine does that, and
 * waits where the answer says so (429, 503 and 403 with Retry-After). Throws `LonghaulError`, and `Stopped`. Follows no redirect.
 */
export type GetJson = <const R extends JsonRequest>(
  ctx: Context,
  request: R,
) => Promise<JsonPage<keyof NonNullable<R['values']> & string>>;

/** Its connections are kept alive and shared: one a connection of the config. */
export function createJsonGetter(
  options: { readonly timeoutSeconds?: number; readonly maxPageBytes?: number } = {},
): GetJson {
  const transport = createTransport(options);
  return async (ctx, { stream, url, headers = {}, records, values = {} }) => {
    if (ctx.stop.aborted) throw new Stopped();
    const what = describeRequest(stream, 'GET', url);
    ctx.meter.request();
    const request = { method: 'GET', url, headers: { accept: 'application/json', ...headers } } as const;
    const answer = await transport(what, request, ctx.signal);
    if (!isSuccess(answer.status)) throw statusFault(what, answer);
    const body = await readBody(what, answer, { records, values: Object.values(values) });
    const named = Object.keys(values).map((name, index) => [name, plain(body.values[index] ?? null)]);
    return {
      payload: { format: 'jsonl', chunks: [body.lines] },
      records: body.records,
      values: Object.fromEntries(named),
    };
  };
}

function plain(text: string | null): string | null {
  if (text === null || text === 'null') return null;
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}
