// Follows a job to its end over server-sent events, through restarts of the API.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../core/job.js';
import type { Client } from './client.js';
import { CliError, EXIT } from './errors.js';

export interface JobEvent {
  readonly event: 'progress' | 'state' | 'done';
  readonly job: Job;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Epoch ms. */
  readonly now: () => number;
  /** Called once for every gap in which the API does not answer. */
  readonly onGap: (error: CliError) => void;
  /** How long a gap may be, in ms, before it is an error. */
  readonly patienceMs?: number;
}

const DEFAULT_PATIENCE_MS = 120_000;

/** Yields events up to and including `done`. Ends early without an error when the signal aborts. */
export async function* follow(client: Client, id: string, options: FollowOptions): AsyncGenerator<JobEvent> {
  let lastEventId: string | null = null;
  let contact = options.now();
  let attempt = 0;
  let toldOfGap = false;
  while (!options.signal.aborted) {
    try {
      const body = await client.events(id, { lastEventId, signal: options.signal });
      for await (const message of messages(body)) {
        contact = options.now();
        attempt = 0;
        toldOfGap = false;
        lastEventId = message.id ?? lastEventId;
        if (!isJobEvent(message.event)) continue;
        yield { event: message.event, job: JSON.parse(message.data) as Job };
        if (message.event === 'done') return;
      }
    } catch (error) {
      if (options.signal.aborted) return;
      const gap = asGap(error);
      if (options.now() - contact > (options.patienceMs ?? DEFAULT_PATIENCE_MS)) throw gap;
      if (!toldOfGap) options.onGap(gap);
      toldOfGap = true;
    }
    await pause(Math.min(250 * 2 ** attempt, 3_000), options.signal);
    attempt += 1;
  }
}

/** Ends early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** An error that another attempt may heal; any other is thrown at once. */
function asGap(error: unknown): CliError {
  if (!(error instanceof CliError))
    return new CliError('api_unreachable', 'the stream of events broke off', {
      exit: EXIT.unreachable,
      hint: 'Look whether the API still runs.',
      cause: error,
    });
  if (error.extras.exit === EXIT.unreachable) return error;
  throw error;
}

function isJobEvent(event: string): event is JobEvent['event'] {
  return event === 'progress' || event === 'state' || event === 'done';
}

interface Message {
  readonly event: string;
  readonly data: string;
  readonly id: string | null;
}

/** The messages of an event stream, as the HTML standard defines it. */
export async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  let buffer = '';
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const blocks = (buffer + text).split(/\r?\n\r?\n/);
    buffer = blocks.pop() ?? '';
    for (const block of blocks) {
      const message = parseMessage(block);
      if (message) yield message;
    }
  }
}

function parseMessage(block: string): Message | null {
  const fields = block.split(/\r?\n/).map((line) => /^([^:]*):? ?(.*)$/s.exec(line)?.slice(1) ?? []);
  const all = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value ?? '');
  const data = all('data');
  if (data.length === 0) return null;
  return { event: all('event').at(-1) ?? 'message', data: data.join('\n'), id: all('id').at(-1) ?? null };
}
