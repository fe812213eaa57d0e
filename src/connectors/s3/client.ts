// Sends requests to a bucket: the SDK, loaded with the first of them; one turn after another; errors named.
import { setMaxListeners } from 'node:events';
import type { S3 } from '@aws-sdk/client-s3';
import type { S3Connection } from '../../config/s3.js';
import type { Context } from '../../core/connector.js';
import { LonghaulError, Stopped } from '../../core/errors.js';
import { createLimiter } from '../http/limiter.js';
import { requestFault } from './faults.js';

export interface S3Client {
  readonly bucket: string;
  /** Before every key of the connection: '' or a prefix with its '/'. */
  readonly root: string;
  /**
   * Makes one request when its turn comes, and does not repeat it but where the clock of this machine is wrong. `what` finishes the sentence "Cannot …".
   * Throws `LonghaulError`, and `Stopped` where the context wants it no longer. A body that is streamed is the caller's
   * to read, and its errors are for `bodyFault`.
   */
  send<T>(what: string, request: Request<T>, ctx?: Context): Promise<T>;
}

/** `options` go to the SDK's call as they are. */
export type Request<T> = (s3: S3, options: { readonly abortSignal: AbortSignal }) => Promise<T>;

const CONNECT_MS = 10_000;
const SOCKETS = 64;

export function createS3Client(config: S3Connection): S3Client {
  let loading: Promise<S3> | undefined;
  const loaded = () => (loading ??= load(config));
  const limited = createLimiter(config.limits ?? {});
  return {
    bucket: config.bucket,
    root: config.prefix === undefined ? '' : `${config.prefix}/`,
    async send(what, request, ctx = alone()) {
      // As many listen as requests are under way, which is no leak.
      setMaxListeners(0, ctx.stop, ctx.signal);
      const s3 = await loaded();
      const once = () =>
        limited(ctx, async () => {
          ctx.meter.request();
          try {
            return await request(s3, { abortSignal: ctx.signal });
          } catch (error) {
            throw ctx.signal.aborted ? new Stopped() : requestFault(what, config.bucket, error);
          }
        });
      // The SDK reads the time from the refusal and signs the next request by it.
      return once().catch((error: unknown) => (isSkewed(error) ? once() : Promise.reject(error as Error)));
    },
  };
}

const isSkewed = (error: unknown): boolean => error instanceof LonghaulError && error.code === 'clock_skewed';

/** For a store, whose requests nobody counts or stops. */
function alone(): Context {
  const { signal } = new AbortController();
  const meter = { request: () => undefined, retry: () => undefined, waiting: () => undefined };
  return { stop: signal, signal, meter };
}

/** Only a process that works on a bucket pays for loading it: some 130 ms and 20 MB. */
async function load(config: S3Connection): Promise<S3> {
  const sdk = await import('@aws-sdk/client-s3');
  const timeout = (config.timeoutSeconds ?? 60) * 1_000;
  return new sdk.S3({
    ...placeOf(config),
    ...(config.credentials && { credentials: keysOf(config.credentials) }),
    // Whoever asks tries again, so that patience and limits are kept in one place.
    maxAttempts: 1,
    // Asked for where whole objects are read; with a range, servers differ in what they answer.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: Math.min(timeout, CONNECT_MS),
      requestTimeout: timeout,
      throwOnRequestTimeout: true,
      socketTimeout: timeout,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS },
    },
  });
}

function placeOf({ endpoint, region, pathStyle }: S3Connection) {
  if (endpoint === undefined) return { ...(region && { region }), forcePathStyle: pathStyle ?? false };
  return { endpoint, region: region ?? 'us-east-1', forcePathStyle: pathStyle ?? true };
}

function keysOf({ accessKeyId, secretAccessKey, sessionToken }: NonNullable<S3Connection['credentials']>) {
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}
