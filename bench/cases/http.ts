// REST API → archive: a whole job against the same pages fetched one after another, and thrown away.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { request } from 'undici';
import { compare, type Way } from '../support/compare.js';
import { LATENCY_MS, PAGE } from '../support/pages.js';
import { backupOf, onStage, tookOf, type Scale, type Stage } from '../support/stage.js';
import type { Table } from '../support/tables.js';

export async function http(scale: Scale): Promise<Table[]> {
  return onStage(scale, async (stage) => [
    await overHttp(stage, scale, 'fast', 'no latency'),
    await overHttp(stage, scale, 'slow', `${LATENCY_MS} ms a page`),
  ]);
}

function overHttp(stage: Stage, { rows, rounds }: Scale, stream: string, latency: string): Promise<Table> {
  const file = join(stage.longhaul.folder, 'naive');
  const urls = Array.from({ length: Math.ceil(rows / PAGE) }, (_, page) =>
    stage.pages.page(stream, page * PAGE),
  );
  const job = (name: string, connection: string): Way => ({
    name,
    run: async () => tookOf(await stage.run(backupOf(connection, [stream]))),
  });
  return compare({
    title: `HTTP → zstd, pages of ${PAGE} records, ${latency}`,
    records: rows,
    rounds,
    ways: [
      { name: 'fetched one after another, thrown away', run: () => timed(() => drain(urls)) },
      job('Longhaul, a whole job, by cursor', 'cursor'),
      job('Longhaul, a whole job, by offset', 'offset'),
      {
        name: 'fetched, parsed, written as JSON lines, gzip',
        run: () => timed(() => pipeline(lines(urls), createGzip(), createWriteStream(file))),
      },
    ],
  });
}

async function drain(urls: readonly string[]): Promise<void> {
  for (const url of urls) await (await request(url)).body.arrayBuffer();
}

async function* lines(urls: readonly string[]): AsyncGenerator<string> {
  for (const url of urls) {
    const { data } = (await (await request(url)).body.json()) as { data: unknown[] };
    yield data.map((record) => `${JSON.stringify(record)}\n`).join('');
  }
}

async function timed(work: () => Promise<unknown>): Promise<{ ms: number }> {
  const start = performance.now();
  await work();
  return { ms: performance.now() - start };
}
