// Trying a request again where that may help: a store is asked by many who have no patience of their own.
import { ERRORS, LonghaulError, type ErrorCode } from '../../core/errors.js';
import { sleep } from '../http/clock.js';
import type { S3Client } from './client.js';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;
/** In a row, before a throttled request is given to the engine, which can wait for longer. */
const THROTTLED_ATTEMPTS = 8;

/** The same client, each request made again until it is answered or trying is no use. At most `most` attempts. */
export function persistent(client: S3Client, most = Infinity): S3Client {
  return {
    ...client,
    async send(what, request, ctx) {
      const patience = createPatience(most);
      for (;;) {
        try {
          return await client.send(what, request, ctx);
        } catch (error) {
          await patience(error);
        }
      }
    },
  };
}

/** Resolves when it is time to try again; throws the error where that is no use. For failures in a row. */
export type Patience = (error: unknown) => Promise<void>;

export function createPatience(most = Infinity): Patience {
  const failures = new Map<ErrorCode, number>();
  return async (error) => {
    if (!(error instanceof LonghaulError)) throw error;
    const count = (failures.get(error.code) ?? 0) + 1;
    failures.set(error.code, count);
    if (count >= Math.min(most, attemptsOf(error.code))) throw error;
    await sleep(delay(count), new AbortController().signal);
  };
}

function attemptsOf(code: ErrorCode): number {
  const { reaction, attempts = 1 } = ERRORS[code];
  if (reaction === 'throttled') return THROTTLED_ATTEMPTS;
  return reaction === 'transient' ? attempts : 1;
}

/** With chance in it, so that lanes that failed together do not come back together. */
function delay(failures: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}
