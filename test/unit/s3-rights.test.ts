// The rights that the page on connections asks for are enough, and none of them is one too many.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createArchiveSink } from '../../src/archive/sink.js';
import { createArchiveSource } from '../../src/archive/source.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { S3Connection } from '../../src/config/s3.js';
import { readPages as readDocs } from '../support/docs.js';
import { partitionsOf, readPages, testContext } from '../support/reading.js';
import { s3Missing, startS3, storeOf, type S3Server, type Statement } from '../support/s3.js';
import { jsonPage, runJob, stream, type Work } from '../support/writing.js';

const missing = await s3Missing();

/** As on the page, for the bucket of the test. */
async function statementsOf(bucket: string): Promise<Statement[]> {
  const blocks = (await readDocs()).flatMap((page) => page.blocks);
  const policy = blocks.find(({ info, body }) => info === 'json' && body.includes('"Statement"'));
  return (JSON.parse(policy!.body.replaceAll(':::backups', `:::${bucket}`)) as { Statement: Statement[] })
    .Statement;
}

const WORK: Work = {
  streams: [stream('a')],
  parts: [{ target: { stream: 'a', partition: '0', index: 0 }, flushes: [[jsonPage('1')], [jsonPage('2')]] }],
};

function archive(config: S3Connection) {
  const source = { connection: 'crm', type: 'http' };
  const createdAt = '2026-01-02T03:04:05.000Z';
  const named = { path: 'nightly/a-1', archiveId: 'a-1', jobId: 'job-1' };
  return createArchiveSink(storeOf(config), { ...named, createdAt, compression: 'none', source });
}

describe.skipIf(missing)(`the rights of the policy${missing ? `: ${missing}` : ''}`, () => {
  let server: S3Server;
  let statements: Statement[];
  beforeAll(async () => {
    server = await startS3();
    statements = await statementsOf(server.bucket);
  });
  afterAll(() => server.stop());

  test('are enough to check the connection, and to seal and to give up an archive', async () => {
    const config = await server.user('operator-2', statements, { prefix: 'prod' });
    await createS3Connection('bucket', config).check(testContext());
    const stopped = { ...archive(config), seal: async () => Promise.reject(new Error('stop here')) };
    await expect(runJob(stopped, WORK)).rejects.toThrow('stop here');
    await archive(config).discard(testContext());
    expect(await runJob(archive(config), WORK)).toMatchObject({ records: 2 });
  });

  test('are more than a reader of archives needs, who may list and get', async () => {
    const writer = await server.user('writer', statements, { prefix: 'prod/read' });
    await runJob(archive(writer), WORK);
    const reading = statements.map((one) => ({
      ...one,
      Action: one.Action.filter((action) => ['s3:ListBucket', 's3:GetObject'].includes(action)),
    }));
    const store = storeOf(await server.user('reader', reading, { prefix: 'prod/read' }));
    const source = createArchiveSource(store, 'nightly/a-1', { onDamage: 'report' });
    const pages = (await partitionsOf(source, 'a', 1)).map((partition) => readPages(source, 'a', partition));
    const audits = (await Promise.all(pages)).flat().map(({ audit }) => audit?.findings);
    expect(audits.length).toBeGreaterThan(0);
    expect(audits.flat()).toEqual([]);
    await expect(store.put('x', Buffer.from('x'))).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test('are all needed: a check names the one that is missing', async () => {
    const actions = statements.flatMap(({ Action }) => Action);
    expect(actions).toHaveLength(6);
    for (const [index, action] of actions.entries()) {
      const fewer = statements.map((one) => ({
        ...one,
        Action: one.Action.filter((each) => each !== action),
      }));
      const config = await server.user(`without-${index}`, fewer, { prefix: 'prod' });
      const check = createS3Connection('bucket', config).check(testContext());
      await expect(check).rejects.toMatchObject({ code: 'permission_denied' });
    }
  });
});
