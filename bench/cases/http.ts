// REST API → archive: a whole job against a bare loop that writes the bodies of the same pages through the same compressor.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { createFramePipe } from '../../src/archive/frames.js';
import { linesInto, naive } from '../naive/way.js';
import { compare, type Took, type Way } from '../support/compare.js';
import { LATENCY_MS, PAGE } from '../support/pages.js';
import { backupOf, onStage, tookOf, type Scale, type Stage } from '../support/stage.js';
import type { Table } from '../support/tables.js';

export async function http(scale: Scale): Promise<Table[]> {
  return onStage(scale, async (stage) => [
    await overHttp(stage, scale, 'fast', 'no latency'),
    await overHttp(stage, scale, 'slow', `${LATENCY_MS} ms a page`),
    await byLanes(stage, scale),
  ]);
}

/** Where the API's answers are what takes the time, lanes add up. */
function byLanes(stage: Stage, { rows, rounds }: Scale): Promise<Table> {
  const job = (lanes: number): Way => ({
    name: lanes === 1 ? 'Longhaul, 1 lane' : `Longhaul, ${lanes} partitions in ${lanes} lanes`,
    run: async () => tookOf(await stage.run(backupOf('offset', ['slow'], { lanes }))),
  });
  const title = `HTTP → zstd by offset, ${LATENCY_MS} ms a page, against one lane`;
  return compare({ title, records: rows, rounds, ways: [job(1), job(8)] });
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
      {
        name: 'fetched one after another, bodies compressed as they are',
        run: () => timed(() => drain(urls, file)),
      },
      job('Longhaul, a whole job, by cursor', 'cursor'),
      job('Longhaul, a whole job, by offset', 'offset'),
      naive({
        address: stage.longhaul.temporal,
        records: rows,
        read: (after) => recordsAt(stage.pages.page(stream, after)),
        write: linesInto(`${file}.jsonl.gz`),
      }),
    ],
  });
}

async function drain(urls: readonly string[], file: string): Promise<void> {
  const to = await open(file, 'w');
  const pipe = createFramePipe('zstd', (bytes) => to.writeFile(bytes));
  try {
    for (const url of urls) {
      for await (const bytes of (await request(url)).body) await pipe.write(bytes as Buffer);
    }
    await pipe.end();
    await to.sync();
  } finally {
    await to.close();
  }
}

async function recordsAt(url: string): Promise<readonly unknown[]> {
  const { data } = (await (await request(url)).body.json()) as { data: unknown[] };
  return data;
}

/** With the CPU of this process, which does the work. */
async function timed(work: () => Promise<unknown>): Promise<Took> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, more: { 'CPU s': (user + system) / 1e6 } };
}
