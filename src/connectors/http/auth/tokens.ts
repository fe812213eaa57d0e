// A credential that has to be fetched: one at a time for all who ask, and another when it ends or is refused.
import { LonghaulError } from '../../../core/errors.js';
import { statusFault } from '../faults.js';
import { JsonSyntaxError, scanJson } from '../json-scan.js';
import { orStopped } from '../shared.js';
import { isSuccess, type Request, type Response, type Transport } from '../transport.js';
import type { Credential, Credentials } from './credential.js';

export interface Token {
  readonly credential: Credential;
  /** For so many seconds it is good, as far as anybody says. */
  readonly seconds: number | undefined;
}

/** One fetch at a time: some servers void the old token when they give a new one. `monotonic` tells ms. */
export function createTokens(fetch: () => Promise<Token>, monotonic: () => number): Credentials {
  let token: { readonly credential: Credential; readonly staleAt: number } | undefined;
  let fetching: Promise<Credential> | undefined;
  const renewed = async () => {
    const { credential, seconds } = await fetch();
    token = { credential, staleAt: monotonic() + usableMs(seconds) };
    return credential;
  };
  return {
    async current(signal) {
      if (token && monotonic() < token.staleAt) return token.credential;
      fetching ??= renewed().finally(() => (fetching = undefined));
      return orStopped(fetching, signal);
    },
    refused(credential) {
      if (token?.credential === credential) token = undefined;
    },
  };
}

/** A token is left early. One of whose end nothing sensible is said is used until it is refused. */
function usableMs(seconds = Infinity): number {
  return seconds > 0 ? Math.max(seconds - 30, seconds / 2) * 1_000 : Infinity;
}

/** Who gives tokens, in words. */
export interface Endpoint {
  /** Names it in errors. */
  readonly what: string;
  /** The statuses by which it refuses who asks, and what to check then. */
  readonly refusals: readonly number[];
  readonly ifRefused: string;
  /** What to check where it gives no token. */
  readonly ifNone: string;
}

/** The 2xx answer to a POST. Throws `unauthorized` for a refusal. */
export async function askForToken(
  transport: Transport,
  endpoint: Endpoint,
  request: Omit<Request, 'method'>,
): Promise<Response> {
  const answer = await transport(endpoint.what, { ...request, method: 'POST' });
  if (isSuccess(answer.status)) return answer;
  const fault = statusFault(endpoint.what, answer);
  if (fault.reaction !== 'throttled' && endpoint.refusals.includes(answer.status))
    throw new LonghaulError('unauthorized', fault.message, { hint: endpoint.ifRefused });
  if (fault.reaction !== 'permanent') throw fault;
  throw new LonghaulError(fault.code, fault.message, { hint: endpoint.ifNone });
}

/** The texts and numbers at dotted places of an answer's body, as text; null where there is none. */
export async function textsIn(
  endpoint: Endpoint,
  { bytes }: Response,
  paths: readonly string[],
): Promise<(string | null)[]> {
  try {
    const { values } = await scanJson(bytes, '', paths);
    return values.map((span) => span && toText(Buffer.from(bytes.subarray(span.start, span.end)).toString()));
  } catch (error) {
    throw error instanceof JsonSyntaxError ? noToken(endpoint) : error;
  }
}

function toText(json: string): string | null {
  if (json.startsWith('"')) return (JSON.parse(json) as string) || null;
  return /^-?\d/.test(json) ? json : null;
}

export function noToken({ what, ifNone }: Endpoint): LonghaulError {
  const message = `${what} answered with something other than a token.`;
  return new LonghaulError('response_invalid', message, { hint: ifNone });
}

/** What the ways to a token need to know of their connection. */
export interface TokenSite {
  /** Of its `auth`, in errors. */
  readonly name: string;
  readonly baseUrl: URL;
  /** Sent with every request to it. */
  readonly headers: Readonly<Record<string, string>>;
}
