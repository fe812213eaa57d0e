// The hours of the day in which a connection may be used. Not for workflow code: time zones come from Node's own data.

/** `from` and `to` are times of the day, `HH:MM`; `to` before `from` is on the next day. Default time zone: UTC. */
export interface Window {
  readonly from: string;
  readonly to: string;
  readonly timeZone?: string | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** Epoch ms at which it opens next; null: it is open. */
export function opensAt(window: Window, now: number): number | null {
  return openingsOf(window)(now);
}

/** The same for one that is asked often: what it says holds to the end of the minute. */
export function openingsOf(window: Window): (now: number) => number | null {
  const [from, to] = [minutesOf(window.from), minutesOf(window.to)];
  const clock = clockIn(window.timeZone ?? 'UTC');

  function openingAfter(minute: number): number | null {
    const since = after(from, clock(minute));
    if (since < after(from, to)) return null;
    const opening = minute + (DAY_MINUTES - since) * MINUTE_MS;
    // The clocks may change before: then it opens earlier or later than the minutes say.
    return opening + shift(from - clock(opening)) * MINUTE_MS;
  }

  let known: { readonly minute: number; readonly opening: number | null } | null = null;
  return (now) => {
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    if (known?.minute !== minute) known = { minute, opening: openingAfter(minute) };
    return known.opening;
  };
}

/** From one time of the day on to another, in minutes. */
function after(from: number, to: number): number {
  return (to - from + DAY_MINUTES) % DAY_MINUTES;
}

/** The shorter way round the clock. */
function shift(minutes: number): number {
  return after(0, minutes + DAY_MINUTES * 1.5) - DAY_MINUTES / 2;
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}

/** Minutes since midnight at an epoch ms. */
function clockIn(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return parts.get('hour')! * 60 + parts.get('minute')!;
  };
}
