// Follows a job to its end over server-sent events, through restarts of the API.
import type { Job } from '../core/job.js';
import { ApiError } from './errors.js';
import { pause } from './pause.js';

export interface JobEvent {
  readonly event: 'progress' | 'state' | 'done';
  readonly job: Job;
}

export interface FollowOptions {
  /** Ends the events, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Called once for every gap in which the API does not answer. */
  readonly onGap?: (error: ApiError) => void;
  /** How long a gap may be before it is an error, in ms. Default: two minutes. */
  readonly patienceMs?: number;
}

/** Opens the stream from the event after this one; null: there will be none any more. */
export type OpenEvents = (
  lastEventId: string | null,
  signal: AbortSignal | undefined,
) => Promise<ReadableStream<Uint8Array> | null>;

const DEFAULT_PATIENCE_MS = 120_000;

/** Yields events up to and including `done`. */
export async function* follow(
  open: OpenEvents,
  { signal, onGap, patienceMs = DEFAULT_PATIENCE_MS }: FollowOptions,
  now: () => number,
): AsyncGenerator<JobEvent> {
  let lastEventId: string | null = null;
  let contact = now();
  let attempt = 0;
  let toldOfGap = false;
  const isOver = () => signal?.aborted ?? false;
  while (!isOver()) {
    try {
      const body = await open(lastEventId, signal);
      if (!body) return;
      for await (const message of messages(body)) {
        [contact, attempt, toldOfGap] = [now(), 0, false];
        lastEventId = message.id ?? lastEventId;
        if (!isJobEvent(message.event)) continue;
        yield { event: message.event, job: JSON.parse(message.data) as Job };
        if (message.event === 'done') return;
      }
    } catch (error) {
      if (isOver()) return;
      const gap = asGap(error);
      if (now() - contact > patienceMs) throw gap;
      if (!toldOfGap) onGap?.(gap);
      toldOfGap = true;
    }
    await pause(Math.min(250 * 2 ** attempt, 3_000), signal);
    attempt += 1;
  }
}

/** An error that another attempt may heal; any other is thrown at once. */
function asGap(error: unknown): ApiError {
  if (!(error instanceof ApiError)) {
    return new ApiError('api_unreachable', 'the stream of events broke off', {
      hint: 'Look whether the API still runs.',
      cause: error,
    });
  }
  if (error.isPassing) return error;
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
async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
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
