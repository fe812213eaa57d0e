// A real S3 server: versitygw over a folder of its own, built once from its module.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { S3Connection } from '../../src/config/s3.js';
import { createS3Client } from '../../src/connectors/s3/client.js';
import { createS3Connection } from '../../src/connectors/s3/index.js';
import type { Store } from '../../src/core/store.js';
import { freePort } from '../../src/dev/ports.js';
import { command, installed, INSTALL_TIMEOUT_MS, toolVersion } from './apps/cache.js';
import { end, start, type Started } from './processes.js';
import { until } from './until.js';

const VERSION = 'v1.8.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@${VERSION}`;

/** Why tests against S3 cannot run here, as a skip says it; null where they can. CI has Go, so there it is never a skip. */
export async function s3Missing(): Promise<string | null> {
  if (process.env['CI'] || (await toolVersion('go', ['version'])) !== null) return null;
  return 'needs Go to build versitygw, an S3 server: install it from https://go.dev/dl and put `go` on PATH';
}

/** Of an IAM policy. */
export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string;
}

export interface S3Server {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Empty at the start. */
  readonly bucket: string;
  /** The folder that holds the bucket's objects as files. */
  readonly folder: string;
  /** A connection to the bucket, with what is to differ. */
  connection(differing?: Partial<S3Connection>): S3Connection;
  /** A connection of a new user, who may do in the bucket what these statements say and nothing else. */
  user(
    name: string,
    statements: readonly Statement[],
    differing?: Partial<S3Connection>,
  ): Promise<S3Connection>;
  /** Removes what lies below a prefix; past the server it would leave its metadata. */
  clear(prefix: string): Promise<void>;
  /** SIGKILL; what it holds stays. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, at the same place. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Builds the server where it is not there yet (a minute), and starts it with one empty bucket. */
export async function startS3(): Promise<S3Server> {
  const binary = path.join(await installed(`versitygw-${VERSION}`, build), 'versitygw');
  const root = await mkdtemp(path.join(tmpdir(), 's3-'));
  const [accessKey, secretKey, bucket] = ['operator', 'not-a-secret-at-all', 'vault'];
  const folder = path.join(root, 'data', bucket);
  for (const name of [folder, path.join(root, 'sidecar'), path.join(root, 'iam')])
    await mkdir(name, { recursive: true });
  const port = await freePort('127.0.0.1');
  const endpoint = `http://127.0.0.1:${port}`;
  let server: Started;
  const begin = async (): Promise<void> => {
    server = serve(binary, root, port, { accessKey, secretKey });
    await until('versitygw serves', () => serves(server, endpoint), { seen: server.stderr });
  };
  await begin();
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const connection = (differing?: Partial<S3Connection>): S3Connection => ({
    type: 's3',
    bucket,
    endpoint,
    credentials,
    ...differing,
  });
  return {
    endpoint,
    accessKey,
    secretKey,
    bucket,
    folder,
    connection,
    async user(name, statements, differing) {
      const secret = 'the-secret-of-a-user';
      const admin = ['admin', '--access', accessKey, '--secret', secretKey, '--endpoint-url', endpoint];
      await command(binary, [
        ...admin,
        'create-user',
        '--access',
        name,
        '--secret',
        secret,
        '--role',
        'user',
      ]);
      await allow(connection(), name, statements);
      return connection({ credentials: { accessKeyId: name, secretAccessKey: secret }, ...differing });
    },
    clear: (prefix) => storeOf(connection()).removeAll(prefix),
    kill: () => end(server, 'SIGKILL'),
    start: begin,
    async stop() {
      await end(server);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** The store of a connection, as a process of its own would open it. */
export function storeOf(config: S3Connection): Store {
  const { store } = createS3Connection('bucket', config);
  if (!store) throw new Error('an s3 connection has a store');
  return store();
}

/** Keys below the prefix of a connection of which a multipart upload was begun and not ended. */
export async function uploadsIn(config: S3Connection): Promise<string[]> {
  const client = createS3Client(config);
  const { Uploads = [] } = await client.send('list uploads', (s3) =>
    s3.listMultipartUploads({ Bucket: client.bucket, Prefix: client.root }),
  );
  return Uploads.map(({ Key = '' }) => Key);
}

async function allow(config: S3Connection, user: string, statements: readonly Statement[]): Promise<void> {
  const Statement = statements.map((statement) => ({ ...statement, Principal: { AWS: user } }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  const client = createS3Client(config);
  await client.send('set the policy', (s3) => s3.putBucketPolicy({ Bucket: client.bucket, Policy }));
}

/** With a folder for metadata, since not every file system of a test machine keeps extended attributes. */
function serve(
  binary: string,
  root: string,
  port: number,
  keys: { accessKey: string; secretKey: string },
): Started {
  const own = ['--port', `127.0.0.1:${port}`, '--keep-alive', '--quiet', '--iam-dir', path.join(root, 'iam')];
  const backend = ['posix', '--sidecar', path.join(root, 'sidecar'), path.join(root, 'data')];
  const env = {
    ...process.env,
    ROOT_ACCESS_KEY: keys.accessKey,
    ROOT_SECRET_KEY: keys.secretKey,
  };
  return start(binary, [...own, ...backend], { env, cwd: root });
}

/** Any answer will do: one without a signature is a refusal. */
async function serves(server: Started, endpoint: string): Promise<boolean> {
  if (server.ended() !== undefined) throw new Error(`versitygw ended: ${server.stderr()}${server.stdout()}`);
  return fetch(endpoint).then(
    () => true,
    () => false,
  );
}

async function build(folder: string): Promise<void> {
  const env = { ...process.env, GOBIN: folder };
  const go = start('go', ['install', MODULE], { env });
  await until('go install ends', () => go.ended() !== undefined, { timeoutMs: INSTALL_TIMEOUT_MS });
  if (go.ended() !== 0) throw new Error(`go install ${MODULE} failed: ${go.stderr().slice(-2_000)}`);
}
