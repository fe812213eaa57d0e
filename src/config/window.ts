// Hours of the day in a config.
import { z } from 'zod';

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of the day: HH:MM');

/** Outside of these hours jobs rest. `to` before `from` is on the next day. */
export const window = z
  .strictObject({
    from: time,
    to: time,
    /** IANA name, like Europe/Berlin. Default UTC. */
    timeZone: z.string().refine(isTimeZone, 'not a time zone that is known: like Europe/Berlin').optional(),
  })
  .refine(
    ({ from, to }) => from !== to,
    '`from` and `to` are the same: leave the window out to work all day',
  );

/** Whether Node knows it, by its IANA name or otherwise. */
export function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
