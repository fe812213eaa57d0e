// `longhaul rejects`, `differences` and `files`: what a job leaves in its store, in pages.
import { differenceRows, printable } from '../describe.js';
import { EXIT } from '../errors.js';
import { bytes, count, table } from '../format.js';
import type { Io } from '../io.js';
import { type ClientOptions, connect, print } from './common.js';

export interface PageOptions extends ClientOptions {
  readonly stream?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

export async function rejects(io: Io, id: string, options: PageOptions): Promise<number> {
  const { stream, limit, cursor } = options;
  const page = await (await connect(io, options)).rejects(id, { stream, limit, cursor });
  const lines = page.rejects.flatMap((reject) => [
    `${reject.stream} ${reject.partition} ${reject.code}: ${printable(reject.message)}`,
    reject.record === null
      ? `  ${count(reject.records)} records that cannot be read`
      : `  ${printable(reject.record)}`,
  ]);
  print(io, options, page, lines);
  tellMore(io, options, page.next);
  return EXIT.done;
}

export async function differences(io: Io, id: string, options: PageOptions): Promise<number> {
  const { stream, limit, cursor } = options;
  const page = await (await connect(io, options)).differences(id, { stream, limit, cursor });
  print(io, options, page, table(...differenceRows(page)));
  tellMore(io, options, page.next);
  return EXIT.done;
}

export async function files(io: Io, id: string, options: PageOptions): Promise<number> {
  const { limit, cursor } = options;
  const page = await (await connect(io, options)).files(id, { limit, cursor });
  const rows = page.files.map((file) => [
    file.path,
    bytes(file.bytes),
    file.records === null ? '' : count(file.records),
    file.sha256,
  ]);
  print(io, options, page, table(['PATH', 'SIZE', 'RECORDS', 'SHA256'], rows));
  tellMore(io, options, page.next);
  return EXIT.done;
}

function tellMore(io: Io, options: ClientOptions, next: string | null): void {
  if (!options.json && next) io.err(`There are more: --cursor ${next}`);
}
