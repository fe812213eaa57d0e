// Dates and times as PostgreSQL writes them (ISO, UTC), as the numbers that Parquet keeps. null: not one that it can keep.
// Years are 1 to 9999, which all readers know; `infinity`, years before and after, and 24:00 are not among them.

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
const ZONE = /([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/;

const DAY_MS = 86_400_000;
const DAY_MICROS = 86_400_000_000;

/** Days since 1970-01-01. */
export function daysOf(text: string): number | null {
  const [, year, month, day] = DATE.exec(text)?.map(Number) ?? [];
  if (year === undefined || year === 0) return null;
  // Not Date.UTC, which takes the years 0 to 99 for others.
  return new Date(0).setUTCFullYear(year, month! - 1, day) / DAY_MS;
}

/** Microseconds since midnight. */
export function microsOfDay(text: string): number | null {
  const [, hours, minutes, seconds, fraction = ''] = TIME.exec(text) ?? [];
  if (hours === undefined) return null;
  const whole = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  const micros = whole * 1_000_000 + Number(fraction.padEnd(6, '0'));
  return micros < DAY_MICROS ? micros : null;
}

/** Microseconds since 1970-01-01 00:00, in UTC where the text says how far its zone is from that. */
export function microsOf(text: string): bigint | null {
  const zone = text.length > 10 ? ZONE.exec(text.slice(10)) : null;
  const local = zone ? text.slice(0, -zone[0].length) : text;
  const days = daysOf(local.slice(0, 10));
  const micros = local[10] === ' ' ? microsOfDay(local.slice(11)) : null;
  if (days === null || micros === null) return null;
  return BigInt(days) * BigInt(DAY_MICROS) + BigInt(micros - offsetOf(zone));
}

function offsetOf(zone: RegExpExecArray | null): number {
  if (!zone) return 0;
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = zone;
  const offset = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return (sign === '-' ? -offset : offset) * 1_000_000;
}
