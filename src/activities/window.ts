// Keeps to the hours in which a connection may be used: outside of them a source says when to come back.
import type { Context, Source } from '../core/connector.js';
import { LonghaulError } from '../core/errors.js';
import { openingsOf, type Window } from '../core/window.js';
import type { Clock } from './clock.js';

type Hours = Pick<Clock, 'now'>;

/** Throws `window_closed` instead of listing, cutting or reading on while the window is closed. */
export function withinWindow(source: Source, window: Window | undefined, clock: Hours): Source {
  if (!window) return source;
  const openingAt = openingsOf(window);
  const check = () => expectOpen(window, openingAt(clock.now()));
  return {
    streams: (...asked) => guarded(check, () => source.streams(...asked)),
    partitions: (ctx, stream, want) => guarded(check, () => source.partitions(ctx, stream, want)),
    read: (ctx: Context, ...rest) => guarded(check, () => source.read(ctx, ...rest)),
    close: () => source.close(),
  };
}

/** Looks at the clock before each step. */
async function* guarded<T>(check: () => void, begin: () => AsyncIterable<T>): AsyncGenerator<T> {
  check();
  for await (const item of begin()) {
    yield item;
    check();
  }
}

function expectOpen({ from, to, timeZone = 'UTC' }: Window, until: number | null): void {
  if (until === null) return;
  throw new LonghaulError('window_closed', `the window of the connection, ${from} to ${to} ${timeZone}`, {
    until,
  });
}
