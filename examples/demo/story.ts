// The demo, told from its beginning to what was proven.
import type { DevFile } from '../../src/cli/address.js';
import { createClient } from '../../src/cli/client.js';
import { count } from '../../src/cli/format.js';
import type { Io } from '../../src/cli/io.js';
import { backUp, exportParquet, restore, verify } from './acts.js';
import { compareCopies } from './copies.js';
import { createNarrator, type Narrator } from './narrator.js';
import { prove } from './proof.js';
import { sampleStats } from './sample.js';
import type { Stage } from './stage.js';
import { viewTemporal } from './temporal.js';

export interface Telling {
  readonly io: Io;
  readonly stage: Stage;
  readonly records: number;
  readonly signal: AbortSignal;
}

/** What is there to be looked at while the demo stays. */
export interface Running {
  readonly longhaul: DevFile;
  readonly sampleUrl: string;
}

/** What the API lets through, and what Longhaul is told to keep to: a little less. */
const SERVED_PER_SECOND = 15;
const ASKED_PER_SECOND = 12;

/** Lines that the launcher hands on from API and workers; its own tell what it does. */
const OF_A_SERVICE = /^\S+ \| /;

/** Throws at the first thing that is not as promised. */
export async function tellStory(telling: Telling): Promise<Running> {
  const tell = createNarrator(telling.io, 7);
  tell.title(
    `Longhaul demo: ${count(telling.records)} records out of an API that keeps failing, into a proven archive`,
  );
  const sampleUrl = await openSampleApi(telling, tell);
  const postgresUrl = await telling.stage.startPostgres();
  const longhaul = await openLonghaul(telling, tell, { sampleUrl, postgresUrl });
  const client = createClient({ url: longhaul.api, from: 'the demo' }, null);
  const temporal = await viewTemporal(longhaul.temporal);
  try {
    const { io, stage, records, signal } = telling;
    const acting = { io, signal, tell, client, temporal, dataDir: stage.dataDir, records };
    const { job, killed, recovery } = await backUp(acting);
    await verify(acting, job);
    const stats = await sampleStats(sampleUrl);
    await restore(acting, job);
    const exported = await exportParquet(acting, job);
    const copies = await compareCopies({ exported, stats, vault: stage.vault, postgresUrl });
    tell.step('What was proven');
    const usage = await temporal.usage(job.id);
    tell.facts([...(await prove({ job, killed, recovery, usage, stats, vault: stage.vault })), ...copies]);
  } finally {
    await temporal.close();
  }
  return { longhaul, sampleUrl };
}

async function openSampleApi({ stage, records }: Telling, tell: Narrator): Promise<string> {
  tell.step('A sample API that misbehaves');
  const url = await stage.startSampleApi({ records, requestsPerSecond: SERVED_PER_SECOND });
  const { streams } = await sampleStats(url);
  tell.facts([
    ['address', url],
    ['holds', streams.map((stream) => `${count(stream.records)} ${stream.name}`).join(', ')],
    [
      'limit',
      `${SERVED_PER_SECOND} requests a second, 429 beyond; Longhaul is told to keep to ${ASKED_PER_SECOND}`,
    ],
    ['faults', 'now and then a 429, a 500 or a body that is cut off'],
  ]);
  return url;
}

async function openLonghaul(
  { stage }: Telling,
  tell: Narrator,
  { sampleUrl, postgresUrl }: { readonly sampleUrl: string; readonly postgresUrl: string },
): Promise<DevFile> {
  tell.step('Temporal, API and a worker, each a process of its own');
  const { streams } = await sampleStats(sampleUrl);
  const sample = {
    baseUrl: sampleUrl,
    streams: streams.map((stream) => stream.name),
    requestsPerSecond: ASKED_PER_SECOND,
  };
  const config = await stage.writeConfig(sample, postgresUrl);
  const longhaul = await stage.startLonghaul(config, (line) => {
    if (!OF_A_SERVICE.test(line)) tell.fact(line);
  });
  tell.facts([
    ['API', longhaul.api],
    ['Temporal Web UI', longhaul.webUi],
    ['worker', `process ${longhaul.pids.workers.join(', ')}`],
  ]);
  return longhaul;
}
