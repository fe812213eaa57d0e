// The command line against an API that answers as it is told: what is sent, printed and returned.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCli } from '../../src/cli/program.js';
import type { Job } from '../../src/core/job.js';

export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

export interface Ran {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
}

export interface CliWithApi {
  readonly url: string;
  /** One a request, the last for all that follow. */
  answers: Answer[];
  readonly seen: Seen[];
  run(...argv: string[]): Promise<Ran>;
  close(): Promise<void>;
}

export async function openCli(): Promise<CliWithApi> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method ?? '', path: request.url ?? '', body, headers: request.headers });
      const answer = cli.answers.length > 1 ? cli.answers.shift() : cli.answers[0];
      answer?.(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cli: CliWithApi = {
    url,
    answers: [],
    seen,
    run: (...argv) => runWith({ LONGHAUL_API: url }, argv),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return cli;
}

/** `interrupt` is handed what Ctrl-C does. */
export async function runWith(
  env: Record<string, string>,
  argv: readonly string[],
  interrupt?: (fire: () => void) => void,
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(argv, {
    env,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    screen: null,
    now: Date.now,
    onInterrupt: (listener) => {
      interrupt?.(listener);
      return () => undefined;
    },
  });
  return { code, out, err };
}

export const json =
  (status: number, body: unknown): Answer =>
  (_, response) => {
    response.writeHead(status, {
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
    });
    response.end(JSON.stringify(body));
  };

/** Sends events, then ends. */
export const events =
  (...list: [event: string, id: number, job: Job][]): Answer =>
  (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
    for (const [event, id, data] of list)
      response.write(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
    response.end();
  };

/** A backup at 60 %. */
export function job(over: Partial<Job> = {}): Job {
  return {
    id: 'backup-crm-1',
    kind: 'backup',
    state: 'running',
    source: { connection: 'crm' },
    sink: { connection: 'vault' },
    options: {},
    archive: 'vault/backup-crm-1',
    createdAt: '2026-01-31T12:00:00.000Z',
    startedAt: '2026-01-31T12:00:01.000Z',
    endedAt: null,
    progress: {
      records: 1_200_000,
      bytes: 411_000_000,
      pages: 1_200,
      requests: 1_203,
      retries: 3,
      rejects: 0,
      estimatedRecords: 2_000_000,
      percent: 60,
      recordsPerSecond: 48_000,
      etaSeconds: 17,
      waitingUntil: null,
      waitingFor: null,
    },
    streams: [
      {
        name: 'contacts',
        state: 'running',
        records: 1_200_000,
        estimatedRecords: 2_000_000,
        partitions: { done: 3, running: 2, total: 8 },
      },
    ],
    streamsTotal: 1,
    lanes: 4,
    requestsPerSecond: null,
    result: null,
    error: null,
    webUi: null,
    ...over,
  };
}
