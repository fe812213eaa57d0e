// A whole job over a connector of one's own: a TypeScript module in a folder beside the config, in a worker process.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNotesApi } from '../../examples/connector/notes-api.js';
import { packageRoot } from '../../src/dev/root.js';
import { START_TIMEOUT_MS, startLonghaul, type LonghaulInstance } from '../support/harness.js';
import { recordsIn } from '../support/archive-reader.js';
import { start } from '../support/processes.js';
import { someRecords } from '../support/records.js';
import { until } from '../support/until.js';

const NOTES = someRecords(1_200);
let api: Server;
let longhaul: LonghaulInstance;

beforeAll(async () => {
  const notes = NOTES.map((text, index) => ({ id: String(index), text }));
  api = createNotesApi({ notes, tags: [] }, 'sesame');
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  longhaul = await startLonghaul({
    connectors: [path.join(packageRoot(), 'examples', 'connector', 'notes-connector.ts')],
    connections: {
      notes: { type: 'notes', url, token: 'sesame' },
      locked: { type: 'notes', url, token: 'wrong' },
    },
  });
}, START_TIMEOUT_MS);

afterAll(async () => {
  await longhaul?.stop();
  api?.closeAllConnections();
  api?.close();
});

const backup = (connection: string) =>
  ({ kind: 'backup', source: { connection }, sink: { connection: 'vault' } }) as const;

test('an archive holds every record as the API sent it', async () => {
  const job = await longhaul.run(backup('notes'));
  expect(job.result?.records).toBe(NOTES.length);
  const read = await recordsIn(longhaul.archiveOf(job), 'notes');
  expect(read.toSorted()).toEqual(NOTES.toSorted());
});

test('an error of the connector has its code, not that of a fault in Longhaul', async () => {
  const job = await longhaul.run(backup('locked'), 'failed');
  expect(job.error).toMatchObject({
    code: 'unauthorized',
    message: expect.stringMatching(/GET \/(notes|tags) answered 401/) as string,
  });
});

test('a check and the list of connections know it', async () => {
  const { body } = await longhaul.call<object>('POST', '/v1/connections/notes/check');
  expect(body).toMatchObject({ ok: true, detail: 'notes holds 1200 notes.' });
  const listed = await longhaul.call<{ connections: object[] }>('GET', '/v1/connections');
  expect(listed.body.connections).toContainEqual({
    name: 'notes',
    type: 'notes',
    roles: ['source'],
    limits: {},
    streams: null,
  });
});

test('`longhaul doctor` looks at everything, and says which connection does not work', async () => {
  const bin = path.join(packageRoot(), 'bin', 'longhaul.mjs');
  const data = path.join(longhaul.folder, 'data');
  const doctor = start(process.execPath, [bin, 'doctor', '--config', longhaul.config, '--data-dir', data]);
  await until('its end', () => doctor.ended() !== undefined);
  const lines = doctor.stdout().split('\n');
  const states = lines.flatMap(
    (line) => /^(ok|warning|failed) +([^:]+):/.exec(line)?.slice(1, 3).join(' ') ?? [],
  );
  expect(states).toEqual([
    'ok node',
    'ok config',
    expect.stringMatching(/data folder$/) as string,
    expect.stringMatching(/room of vault$/) as string,
    'ok api',
    'ok clock of the API',
    'ok temporal',
    'ok clock of Temporal',
    'ok workers',
    'ok connection vault',
    'ok connection notes',
    'failed connection locked',
  ]);
  expect(doctor.ended()).toBe(1);
});
