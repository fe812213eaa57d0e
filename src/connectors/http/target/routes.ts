// How the records of a stream are written: what the config says, for the mode of the job.
import type { HttpConnection, HttpStream, HttpWrite } from '../../../config/http.js';
import type { Stream } from '../../../core/connector.js';
import { LonghaulError } from '../../../core/errors.js';
import type { SinkOptions } from '../../../core/registry.js';
import { hasField } from './requests.js';

type Mode = SinkOptions['mode'];

/** One way in. */
export interface Route {
  readonly stream: string;
  readonly method: HttpWrite['method'];
  /** With `{field}` for members of the record. */
  readonly path: string;
  /** Records of a request, where it takes many; null: it takes one. */
  readonly batch: NonNullable<HttpWrite['batch']> | null;
  readonly idempotencyKey: string;
  /** undefined: where the key is in the record itself. */
  readonly newKey: string | undefined;
  readonly headers: HttpStream['headers'];
}

/** Throws `connection_unsuitable` for a stream that the connection does not write in this mode. */
export function routeOf(connection: string, config: HttpConnection, stream: string, mode: Mode): Route {
  const settings = Object.hasOwn(config.streams, stream) ? config.streams[stream] : undefined;
  const { write, headers } = settings ?? {};
  if (!write) throw unsuitable(connection, stream, 'has no `write` in the config');
  const { idempotencyKey = 'Idempotency-Key', newKey } = write;
  const { method, path, batch = null } = writingOf(connection, stream, write, mode);
  if (batch && hasField(path)) throw batchOfOne(connection, stream);
  return { stream, method, path, batch, idempotencyKey, newKey, headers };
}

function writingOf(
  connection: string,
  stream: string,
  write: HttpWrite,
  mode: Mode,
): Pick<HttpWrite, 'method' | 'path' | 'batch'> {
  if (mode === 'insert') return write;
  if (write.upsert) return write.upsert;
  if (write.method === 'PUT') return write;
  throw unsuitable(connection, stream, 'cannot be upserted: its `write` is no PUT and has no `upsert`');
}

/** Throws `connection_unsuitable` for what no API takes. */
export function expectJson(connection: string, { name, encoding }: Stream): void {
  if (encoding === 'jsonl') return;
  const message = `connection ${connection}: stream ${name} of the archive is a table in CSV, and an API takes JSON`;
  throw new LonghaulError('connection_unsuitable', message, {
    hint: 'Restore archives of an `http` connection here; leave other streams out.',
  });
}

function unsuitable(connection: string, stream: string, why: string): LonghaulError {
  return new LonghaulError('connection_unsuitable', `connection ${connection}: stream ${stream} ${why}`, {
    hint: 'Say how the stream is written in `write` of the connection, or leave it out of `streams`.',
  });
}

function batchOfOne(connection: string, stream: string): LonghaulError {
  const message = `connections.${connection}.streams.${stream}.write: a request for many records has no field of one in its path`;
  return new LonghaulError('config_invalid', message);
}
