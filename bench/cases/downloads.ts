// How soon the API shows a job while it sends a file of a GiB as fast as another process takes it.
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'undici';
import type { Job } from '../../src/core/job.js';
import { until } from '../../test/support/until.js';
import { backupOf, onStage, type Scale, type Stage } from '../support/stage.js';
import { megabytes, millis, quantile, seconds, type Table } from '../support/tables.js';

const FILE_BYTES = 1_073_741_824;
const IDLE_CALLS = 500;
const AT_ONCE = 50;
const LIMIT_MS = 50;

export async function downloads(scale: Scale): Promise<Table[]> {
  return onStage(scale, async (stage) => {
    const api = new Pool(stage.longhaul.api, { connections: AT_ONCE });
    try {
      return [await measured(stage, api, scale.rounds)];
    } finally {
      await api.close();
    }
  });
}

async function measured(stage: Stage, api: Pool, rounds: number): Promise<Table> {
  const { id, file } = await jobWithLargeFile(stage);
  const show = async (): Promise<void> => {
    const { body } = await api.request({ method: 'GET', path: `/v1/jobs/${id}` });
    await body.dump();
  };
  const [idle, idleAtOnce]: number[][] = [[], []];
  for (let call = 0; call < IDLE_CALLS; call++) await timed(idle!, show);
  for (let round = 0; round < rounds; round++) await burst(idleAtOnce!, show);

  const [busy, busyAtOnce, took]: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    await whileDownloading(stage, file, took!, () => timed(busy!, show));
    await whileDownloading(stage, file, took!, () => burst(busyAtOnce!, show));
  }
  return {
    title: 'GET /v1/jobs/:id beside a download',
    columns: ['calls', 'median', 'p99', 'number'],
    rows: [
      rowOf('one after another, idle', idle!),
      rowOf('one after another, while a GiB is sent', busy!),
      rowOf(`${AT_ONCE} at once, idle`, idleAtOnce!),
      rowOf(`${AT_ONCE} at once, while a GiB is sent`, busyAtOnce!),
    ],
    notes: [
      `The limit is a p99 of ${LIMIT_MS} ms for single calls. A download of ${megabytes(FILE_BYTES)} took ${seconds(quantile(took!, 0.5))}, as the median.`,
    ],
  };
}

/** What it says is of no interest here: a report is sent as any other stored object is. */
async function jobWithLargeFile({ longhaul }: Stage): Promise<{ id: string; file: string }> {
  const { id } = await longhaul.post(backupOf('cursor', ['empty']));
  const look = async (): Promise<Job | false> => {
    const job = await longhaul.show(id);
    return job.state === 'completed' && job;
  };
  const job = await until(`job ${id} completes`, look);
  const piece = Buffer.alloc(16_777_216, 'longhaul');
  const report = await open(join(longhaul.archiveOf(job), 'report.json'), 'w');
  try {
    for (let written = 0; written < FILE_BYTES; written += piece.length) await report.write(piece);
  } finally {
    await report.close();
  }
  return { id, file: `/v1/jobs/${id}/files/report.json` };
}

const TAKE = `require('http').get(process.argv[1], (answer) => {
  let bytes = 0;
  answer.on('data', (chunk) => (bytes += chunk.length)).on('end', () => console.log(bytes));
});`;

/** Another process takes the file; `call` is repeated until it has all. */
async function whileDownloading(
  { longhaul }: Stage,
  file: string,
  took: number[],
  call: () => Promise<void>,
): Promise<void> {
  const start = performance.now();
  const ended = new AbortController();
  const download = promisify(execFile)(process.execPath, ['-e', TAKE, longhaul.api + file]).finally(() =>
    ended.abort(),
  );
  while (!ended.signal.aborted) await call();
  const { stdout } = await download;
  if (Number(stdout) !== FILE_BYTES) throw new Error(`the download has ${stdout.trim()} bytes`);
  took.push(performance.now() - start);
}

async function burst(samples: number[], call: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: AT_ONCE }, () => timed(samples, call)));
}

async function timed(samples: number[], call: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await call();
  samples.push(performance.now() - start);
}

function rowOf(name: string, samples: readonly number[]): string[] {
  return [name, millis(quantile(samples, 0.5)), millis(quantile(samples, 0.99)), String(samples.length)];
}
