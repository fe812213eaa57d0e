// What an answer says of the limits on requests: `RateLimit`, in both forms that its drafts had, and the older fields of
// one number each.
import { header, listHeader, type Headers } from './headers.js';

interface Limit {
  /** Requests that may still be sent. */
  readonly left: number | undefined;
  /** Epoch ms. */
  readonly renewsAt: number | undefined;
}

/** When the limits renew that are spent: epoch ms, as the source says it. `undefined`: none is, or nobody says until when. */
export function spentUntil(headers: Headers, now: number): number | undefined {
  return firstOf(headers, now, latestSpent);
}

/** The same, or when a limit renews of which nobody says how much is left. */
export function renewal(headers: Headers, now: number): number | undefined {
  return firstOf(headers, now, (limits) => latestSpent(limits) ?? limits[0]?.renewsAt);
}

type Reader = (headers: Headers, now: number) => Limit[];

/** In the order in which they are believed. */
const READERS: readonly Reader[] = [
  structured,
  dictionary,
  ...['ratelimit', 'x-ratelimit', 'x-rate-limit'].map(inFieldsOf),
];

function firstOf(headers: Headers, now: number, choose: (limits: readonly Limit[]) => number | undefined) {
  const times = READERS.map((read) =>
    choose(read(headers, now).filter(({ renewsAt }) => renewsAt !== undefined)),
  );
  return times.find((time) => time !== undefined);
}

function latestSpent(limits: readonly Limit[]): number | undefined {
  const times = limits.filter(({ left }) => left === 0).map(({ renewsAt }) => renewsAt!);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** `RateLimit: "burst";r=9;t=1, "daily";r=0;t=3600`, and of a limit without `t` what `RateLimit-Policy` says of its name. */
function structured(headers: Headers, now: number): Limit[] {
  const policies = new Map(items(listHeader(headers, 'ratelimit-policy')));
  return items(listHeader(headers, 'ratelimit')).map(([name, { r, t }]) => {
    const seconds = t ?? perUnit(policies.get(name));
    return { left: r, renewsAt: seconds === undefined ? undefined : now + seconds * 1_000 };
  });
}

/** A limit that tells no end gives back little by little: one unit after so many seconds. */
function perUnit({ q, w }: Params = {}): number | undefined {
  return q !== undefined && q > 0 && w !== undefined ? w / q : undefined;
}

/** `RateLimit: limit=100, remaining=0, reset=40`, the draft before. */
function dictionary(headers: Headers, now: number): Limit[] {
  const field = listHeader(headers, 'ratelimit');
  const [remaining, reset] = [/(?:^|,)\s*remaining=(\d+)/, /(?:^|,)\s*reset=(\d+)/].map(
    (part) => part.exec(field)?.[1],
  );
  return [toLimit(remaining, reset, now)];
}

/** `X-RateLimit-Remaining` and `X-RateLimit-Reset`. */
function inFieldsOf(family: string): Reader {
  return (headers, now) => [
    toLimit(header(headers, `${family}-remaining`), header(headers, `${family}-reset`), now),
  ];
}

function toLimit(remaining: string | undefined, reset: string | undefined, now: number): Limit {
  return { left: nonNegative(remaining), renewsAt: timeOf(reset, now) };
}

/** A reset above this is an epoch in seconds (2001), above a thousand times this one in ms; below, seconds from now. */
const EPOCH_SECONDS = 1_000_000_000;
const ISO_TIME = /^\s*\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)\s*$/;

/** Epoch ms of seconds from now, an epoch, or an ISO date; `undefined` where it is none of them. */
export function timeOf(text: string | undefined, now: number): number | undefined {
  if (text !== undefined && ISO_TIME.test(text)) return orNone(Date.parse(text));
  const number = nonNegative(text);
  if (number === undefined) return undefined;
  if (number > EPOCH_SECONDS * 1_000) return number;
  return number > EPOCH_SECONDS ? number * 1_000 : now + number * 1_000;
}

function orNone(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time;
}

export function nonNegative(text: string | undefined): number | undefined {
  return /^\s*\d+(\.\d+)?\s*$/.test(text ?? '') ? Number(text) : undefined;
}

type Params = Readonly<Record<string, number>>;

// A string that is never closed goes to the end: looked for again from each quote in it, it would take long to read.
const STRING = /"(?:[^"\\]|\\.?)*(?:"|$)/g;
const MEMBER = /(?:"(?:[^"\\]|\\.?)*(?:"|$)|[^",])+/g;
const NAME = /^\s*("(?:[^"\\]|\\.?)*(?:"|$)|[^;]*)/;
/** Integers have 15 digits at most (RFC 9651, 3.3.1). */
const INTEGER = /;\s*([a-z*][\w.*-]*)=(\d{1,15})(?=\s*(?:;|$))/g;

/** The items of a structured list (RFC 9651) in turn: their names, and those of their parameters that are integers. */
function items(field: string): (readonly [name: string, Params])[] {
  return [...field.matchAll(MEMBER)].map(([member]) => {
    const [start = '', name = ''] = NAME.exec(member) ?? [];
    const params = member.slice(start.length).replaceAll(STRING, '').matchAll(INTEGER);
    return [
      name.trim(),
      Object.fromEntries([...params].map(([, key = '', value]) => [key, Number(value)])),
    ] as const;
  });
}
