// How fast a bucket is listed, by one lane and by eight, where the server takes its time to answer.
import { fork } from 'node:child_process';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { Partition, Source } from '../../src/core/connector.js';
import { testContext } from '../../test/support/reading.js';
import { median, type Table } from '../support/tables.js';

const LATENCY_MS = 20;
const LANES = 8;
/** As a job is planned. */
const PARTITIONS_A_LANE = 4;

export async function listing({ rows, rounds }: { rows: number; rounds: number }): Promise<Table[]> {
  const server = fork(new URL('../support/keys-server.js', import.meta.url), [
    String(rows),
    String(LATENCY_MS),
  ]);
  try {
    const endpoint = await new Promise<string>((resolve) =>
      server.once('message', (message) => resolve(message as string)),
    );
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    // Nothing is wanted, so nothing but the listing is read.
    const streams = { all: { prefix: '', exclude: ['**'] } };
    const { source } = createS3Connection('bucket', {
      type: 's3',
      bucket: 'fake',
      endpoint,
      credentials,
      streams,
    });
    const lines = [];
    for (const lanes of [1, LANES]) lines.push(await measured(source!({}), lanes, rounds));
    return [
      {
        title: `Listing ${rows.toLocaleString('en')} keys of a server with ${LATENCY_MS} ms latency`,
        columns: ['lanes', 'seconds', 'of these, to find the partitions', 'requests', 'largest partition'],
        rows: lines,
        notes: [],
      },
    ];
  } finally {
    server.kill();
  }
}

async function measured(source: Source, lanes: number, rounds: number): Promise<string[]> {
  const all: number[] = [];
  let [planned, requests, largest] = [0, 0, 0];
  for (let round = 0; round < rounds; round += 1) {
    const ctx = testContext();
    const start = performance.now();
    const partitions: Partition[] = [];
    for await (const partition of source.partitions(
      ctx,
      { name: 'all', key: [], encoding: 'tar', schema: null, estimate: null },
      lanes === 1 ? 1 : lanes * PARTITIONS_A_LANE,
    )) {
      partitions.push(partition);
    }
    planned = performance.now() - start;
    const rest = partitions.values();
    const pages: number[] = [];
    const lane = async () => {
      for (const partition of rest) pages.push(await listed(source, ctx, partition));
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    all.push(performance.now() - start);
    requests = ctx.requests();
    largest = Math.max(...pages) / pages.reduce((a, b) => a + b);
  }
  return [
    String(lanes),
    (median(all) / 1_000).toFixed(1),
    (planned / 1_000).toFixed(2),
    String(requests),
    `${(100 * largest).toFixed(0)} %`,
  ];
}

/** Pages. */
async function listed(
  source: Source,
  ctx: ReturnType<typeof testContext>,
  partition: Partition,
): Promise<number> {
  let pages = 0;
  for await (const _page of source.read(ctx, 'all', partition, null)) pages += 1;
  return pages;
}
