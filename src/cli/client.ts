// `longhaul/client` for the command line: its errors with an exit code, and with where the address came from.
import { ApiError, createClient as createApiClient, type Client as ApiClient } from '../client/index.js';
import type { Address } from './address.js';
import { CliError, EXIT, exitFor } from './errors.js';

/** Every method throws `CliError`: the API's own problem, or `api_unreachable`. */
export interface Client extends ApiClient {
  readonly address: Address;
}

/** `key`: of the API, where it has keys. */
export function createClient(address: Address, key: string | null): Client {
  const api = createApiClient({ url: address.url, token: key ?? undefined });
  const fail = (error: unknown): never => {
    throw error instanceof ApiError ? toCliError(address, error) : error;
  };
  const told =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      call(...args).catch(fail);
  return {
    address,
    start: told(api.start),
    show: told(api.show),
    list: told(api.list),
    steer: told(api.steer),
    change: told(api.change),
    archives: told(api.archives),
    retryRejects: told(api.retryRejects),
    rejects: told(api.rejects),
    differences: told(api.differences),
    files: told(api.files),
    download: told(api.download),
    removeArchive: told(api.removeArchive),
    connections: told(api.connections),
    check: told(api.check),
    queue: told(api.queue),
    schedules: {
      add: told(api.schedules.add),
      list: told(api.schedules.list),
      show: told(api.schedules.show),
      set: told(api.schedules.set),
      pause: told(api.schedules.pause),
      resume: told(api.schedules.resume),
      trigger: told(api.schedules.trigger),
      remove: told(api.schedules.remove),
    },
    async *events(id, options) {
      try {
        yield* api.events(id, options);
      } catch (error) {
        fail(error);
      }
    },
  };
}

function toCliError(address: Address, { code, message, status, hint, errors, cause }: ApiError): CliError {
  const unreachable = code === 'api_unreachable';
  return new CliError(code, message, {
    exit: unreachable ? EXIT.unreachable : exitFor(code, status ?? 500),
    hint: unreachable ? whereFrom(address, status) : hint,
    ...(errors.length > 0 && { faults: errors }),
    cause,
  });
}

function whereFrom({ from }: Address, status: number | null): string {
  return status === null
    ? `That address comes from ${from}. Start the API with \`npm start\`, or say where it is with --api or LONGHAUL_API.`
    : `That address comes from ${from}; say another one with --api or LONGHAUL_API.`;
}
