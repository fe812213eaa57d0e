// The server-sent events of a job: `state`, `progress` and, last, `done`. The data of each is the whole job.
import type { Context } from 'hono';
import { streamSSE, type SSEStreamingApi } from 'hono/streaming';
import { ENDED, type Job } from '../core/job.js';
import { eventsOf, seenOf, textOf, type Seen } from './job-events.js';
import { named } from './problems.js';
import { looksAt, type Watch } from './watch.js';

/** Shorter than the minute of silence after which proxies hang up. */
const COMMENT_EVERY_MS = 15_000;

export interface EventsDeps {
  readonly watch: Watch;
  /** Says that a stream begins; what it returns, that it has ended. Throws where there are too many. */
  readonly open: () => () => void;
  /** Aborts when the API shuts down: the stream ends, and its watcher comes back with `Last-Event-ID`. */
  readonly stop: AbortSignal;
}

/** `job`: as it is now. 204 tells a browser that has seen `done` to stop asking. */
export async function sendEvents(c: Context, job: Job, deps: EventsDeps): Promise<Response> {
  const seen = seenOf(c.req.header('last-event-id'));
  if (seen.done && ENDED.includes(job.state)) return c.body(null, 204);
  const close = deps.open();
  c.header('x-accel-buffering', 'no');
  return streamSSE(c, (stream) => follow(stream, job, seen, deps).finally(close));
}

/** Resolves when the job is done, the watcher has gone or the API shuts down. */
async function follow(stream: SSEStreamingApi, job: Job, from: Seen, deps: EventsDeps): Promise<void> {
  const gone = new AbortController();
  stream.onAbort(() => gone.abort());
  const comment = setInterval(() => void stream.write(': still here\n\n'), COMMENT_EVERY_MS);
  try {
    let seen = await send(stream, from, job);
    if (seen.done) return;
    for await (const look of looksAt(deps.watch, job.id, AbortSignal.any([gone.signal, deps.stop]))) {
      if ('job' in look) seen = await send(stream, seen, look.job);
      else if (isPassing(look.error)) await stream.write(': Temporal does not answer\n\n');
      else return;
      if (seen.done) return;
    }
  } finally {
    clearInterval(comment);
  }
}

async function send(stream: SSEStreamingApi, before: Seen, now: Job): Promise<Seen> {
  const { events, seen } = eventsOf(before, now);
  for (const { event, id, job } of events)
    await stream.write(`event: ${event}\nid: ${id}\ndata: ${textOf(job)}\n\n`);
  return seen;
}

function isPassing(error: unknown): boolean {
  return named(error)?.code === 'temporal_unreachable';
}
