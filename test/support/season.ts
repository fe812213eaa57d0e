// Weeks of a job in seconds: the real workflow and the real engine between an API and an archive, both in memory, on the clock
// of the time-skipping server. That clock stands still while anything runs: here it goes on by each request.
import { Context as ActivityContext } from '@temporalio/activity';
import { createActivities } from '../../src/activities/index.js';
import type { Source } from '../../src/core/connector.js';
import type { Connection } from '../../src/core/registry.js';
import type { Store } from '../../src/core/store.js';
import type { Activities } from '../../src/core/work.js';
import { createLosses } from './losses.js';
import { createMemorySource } from './memory-source.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

export interface SeasonOptions {
  /** A page has one of them. */
  readonly records: readonly string[];
  readonly requestsPerPage: number;
  readonly limits: Connection['limits'];
  /** Of the archive. */
  readonly store: Store;
  readonly msPerRequest: number;
  /** How many requests a token is good for. */
  readonly requestsPerToken: number;
  readonly lossEveryMs: number;
}

export interface Season {
  readonly activities: Activities;
  /** How often each page was given. */
  given(): ReadonlyMap<number, number>;
  /** Requests that were sent, by day. */
  readonly requests: ReadonlyMap<number, number>;
  readonly counts: { readonly renewals: () => number; readonly losses: () => number };
  /** The clock of the activities. */
  now(): number;
}

/** `start`: epoch ms of the server's clock. */
export function createSeason(options: SeasonOptions, start: number): Season {
  let now = start;
  const inner = createMemorySource({ items: options.records }, { pageSize: 1 });
  const api = metered(inner, options, () => {
    now += options.msPerRequest;
    return now;
  });
  const losses = createLosses(options.lossEveryMs, start, () => now);
  const activities = createActivities({
    clock: { now: () => now, sleep: async () => undefined },
    connections: connectionsOf(losses.reading(api.source), losses.writing(options.store), options.limits),
    log: { info: () => undefined, warn: () => undefined },
    version: 'test',
  });

  function atServerTime<T>(input: T): T {
    now = Math.max(now, ActivityContext.current().info.currentAttemptScheduledTimestampMs);
    return input;
  }

  return {
    counts: { renewals: api.renewals, losses: losses.count },
    requests: api.requests,
    now: () => now,
    given: () => timesGiven(inner.asked),
    activities: {
      ...activities,
      plan: (input) => activities.plan(atServerTime(input)),
      copy: (input) => losses.during(() => activities.copy(atServerTime(input))),
    },
  };
}

/** A page takes some requests; one with a token that has expired is refused, and the token renewed, as connectors do. */
function metered(source: Source, { requestsPerPage, requestsPerToken }: SeasonOptions, pass: () => number) {
  const requests = new Map<number, number>();
  let sent = 0;
  let renewals = 0;

  const send = (times: number, meter: { request(): void }): void => {
    for (let left = times; left > 0; left -= 1) {
      const day = Math.floor(pass() / DAY_MS);
      requests.set(day, (requests.get(day) ?? 0) + 1);
      meter.request();
      sent += 1;
    }
  };
  const renew = (meter: { request(): void }): void => {
    send(1, meter);
    renewals += 1;
  };

  const counted: Source = {
    ...source,
    async *read({ meter, ...ctx }, ...rest) {
      const unmeasured = { ...ctx, meter: { ...meter, request: () => undefined } };
      for await (const page of source.read(unmeasured, ...rest)) {
        if (sent >= (renewals + 1) * requestsPerToken) renew(meter);
        send(requestsPerPage, meter);
        yield page;
      }
    },
  };
  return { source: counted, requests, renewals: () => renewals };
}

function connectionsOf(
  source: Source,
  store: Store,
  limits: Connection['limits'],
): (name: string) => Connection {
  const check = async () => '';
  const all: Record<string, Connection> = {
    crm: { name: 'crm', type: 'memory', limits, source: () => source, check },
    vault: { name: 'vault', type: 'file', limits: {}, store: () => store, check },
  };
  return (name) => all[name]!;
}

function timesGiven(asked: readonly { start: number; given: boolean }[]): Map<number, number> {
  const times = new Map<number, number>();
  for (const { start, given } of asked) if (given) times.set(start, (times.get(start) ?? 0) + 1);
  return times;
}
