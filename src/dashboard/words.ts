// Figures and times as the reader's own language writes them.

const number = new Intl.NumberFormat();
const one = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const hour = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export const count = (n: number): string => number.format(n);

/** `1 record`, `1,200 records`. */
export const counted = (n: number, thing: string): string => `${count(n)} ${thing}${n === 1 ? '' : 's'}`;

/** `60.0 %`; only what is whole is `100 %`. */
export const percent = (n: number): string => `${n === 100 ? '100' : one.format(n)} %`;

/** `48,000/s` */
export const perSecond = (n: number): string => `${count(Math.round(n))}/s`;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** `392.0 MiB`; plain bytes below one KiB. */
export function bytes(n: number): string {
  const power = n < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(n) / 10));
  return `${power === 0 ? count(n) : one.format(n / 1024 ** power)} ${UNITS[power]}`;
}

/** `42 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`; of whole seconds. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${two(Math.floor((s % 3_600) / 60))} min`;
  return `${Math.floor(s / 86_400)} d ${two(Math.floor((s % 86_400) / 3_600))} h`;
}

const two = (n: number): string => String(n).padStart(2, '0');

/** Date and time in the reader's zone, from epoch ms. */
export const fullTime = (ms: number): string => moment.format(ms);

/** The time alone where it is today; else the date. */
export function shortTime(ms: number, now: number): string {
  return day.format(ms) === day.format(now) ? hour.format(ms) : day.format(ms);
}

export const clockTime = (ms: number): string => hour.format(ms);
