// `longhaul rejects`, `differences` and `files`: what a job leaves in its store, and `archives`: what is in the stores; in pages.
import { differenceRows, printable } from '../describe.js';
import { EXIT, printError } from '../errors.js';
import { bytes, count, table, time } from '../format.js';
import type { Io } from '../io.js';
import { parseSink } from '../places.js';
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
  if (!options.json && lines.length === 0) io.err('No record is set aside.');
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

/** Of all stores, of one, or of a folder in it. */
export async function archives(io: Io, place: string | undefined, options: PageOptions): Promise<number> {
  const { limit, cursor } = options;
  const within = place === undefined ? {} : parseSink(place);
  const page = await (await connect(io, options)).archives({ ...within, limit, cursor });
  const rows = page.archives.map((archive) => [
    `${archive.connection}/${archive.path}`,
    archive.format ?? archive.kind,
    archive.source.connection,
    count(archive.records),
    bytes(archive.storedBytes),
    time(archive.completedAt),
  ]);
  const header = ['ARCHIVE', 'FORMAT', 'OF', 'RECORDS', 'STORED', 'COMPLETED (UTC)'];
  print(io, options, page, table(header, rows));
  if (!options.json) for (const trouble of page.unreadable) printError(io, trouble);
  tellMore(io, options, page.next);
  return EXIT.done;
}

function tellMore(io: Io, options: ClientOptions, next: string | null): void {
  if (!options.json && next) io.err(`There are more: --cursor ${next}`);
}
