// The hours in which a connection may be used: when they begin, over midnight, in time zones and when the clocks change.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withinWindow } from '../../src/activities/window.js';
import { opensAt, type Window } from '../../src/core/window.js';
import { createMemorySource, wholeOf } from '../support/memory-source.js';
import { collect, testContext } from '../support/reading.js';
import { someRecords } from '../support/records.js';

const at = (time: string): number => Date.parse(time);
const openingOf = (window: Window, time: string): string | null => {
  const opening = opensAt(window, at(time));
  return opening === null ? null : new Date(opening).toISOString();
};

describe('a window', () => {
  const day: Window = { from: '08:30', to: '17:00' };
  const night: Window = { from: '22:00', to: '06:00' };

  test('is open from its first minute to the one before its end', () => {
    expect(openingOf(day, '2026-03-01T08:29:59.999Z')).toBe('2026-03-01T08:30:00.000Z');
    for (const time of ['08:30:00', '12:00:00', '16:59:59'])
      expect(openingOf(day, `2026-03-01T${time}Z`)).toBeNull();
    expect(openingOf(day, '2026-03-01T17:00:00Z')).toBe('2026-03-02T08:30:00.000Z');
  });

  test('may go over midnight', () => {
    for (const time of ['22:00:00', '23:59:00', '00:00:00', '05:59:00'])
      expect(openingOf(night, `2026-03-01T${time}Z`)).toBeNull();
    expect(openingOf(night, '2026-03-01T06:00:00Z')).toBe('2026-03-01T22:00:00.000Z');
  });

  test('keeps to the clocks of its time zone, also over the day they change', () => {
    const berlin = { ...night, timeZone: 'Europe/Berlin' };
    expect(openingOf(berlin, '2026-01-10T12:00:00Z')).toBe('2026-01-10T21:00:00.000Z');
    expect(openingOf(berlin, '2026-07-10T12:00:00Z')).toBe('2026-07-10T20:00:00.000Z');
    // One hour less in the night to 29 March, one more in that to 25 October.
    const morning = { from: '06:00', to: '07:00', timeZone: 'Europe/Berlin' };
    expect(openingOf(morning, '2026-03-28T20:00:00Z')).toBe('2026-03-29T04:00:00.000Z');
    expect(openingOf(morning, '2026-10-24T20:00:00Z')).toBe('2026-10-25T05:00:00.000Z');
  });

  test('is open when it opens, closed the moment before, and opens within a day and an hour', () => {
    const time = fc
      .tuple(fc.nat(23), fc.nat(59))
      .map((parts) => parts.map((n) => String(n).padStart(2, '0')).join(':'));
    const zone = fc.constantFrom('UTC', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Auckland');
    // Away from the days on which clocks change.
    const moment = fc.date({ min: new Date('2026-05-01'), max: new Date('2026-08-01'), noInvalidDate: true });
    fc.assert(
      fc.property(time, time, zone, moment, (from, to, timeZone, date) => {
        fc.pre(from !== to);
        const window = { from, to, timeZone };
        const opening = opensAt(window, +date);
        if (opening === null) return;
        expect(opensAt(window, opening)).toBeNull();
        expect(opensAt(window, opening - 1)).toBe(opening);
        expect(opening - +date).toBeGreaterThan(0);
        expect(opening - +date).toBeLessThanOrEqual(86_400_000);
      }),
    );
  });
});

describe('a source with a window', () => {
  const NAME = 'contacts';
  const records = someRecords(40);
  const window: Window = { from: '08:00', to: '09:00' };

  test('is neither listed nor read while it is closed, and says until when', async () => {
    const source = withinWindow(createMemorySource({ [NAME]: records }), window, {
      now: () => at('2026-01-01T07:00:00Z'),
    });
    const closed = { code: 'window_closed', reaction: 'throttled', until: at('2026-01-01T08:00:00Z') };
    await expect(collect(source.streams(testContext()))).rejects.toMatchObject(closed);
    await expect(collect(source.read(testContext(), NAME, wholeOf(records), null))).rejects.toMatchObject(
      closed,
    );
  });

  test('ends between two pages when it closes, and goes on from there when it is open again', async () => {
    let now = at('2026-01-01T08:59:59Z');
    const source = withinWindow(createMemorySource({ [NAME]: records }), window, { now: () => now });
    const pages = source.read(testContext(), NAME, wholeOf(records), null)[Symbol.asyncIterator]();
    const first = await pages.next();
    now = at('2026-01-01T09:00:00Z');
    await expect(pages.next()).rejects.toMatchObject({ until: at('2026-01-02T08:00:00Z') });
    now = at('2026-01-02T08:00:00Z');
    const rest = await collect(source.read(testContext(), NAME, wholeOf(records), first.value.next));
    expect(first.value.records + rest.reduce((sum, page) => sum + page.records, 0)).toBe(records.length);
  });
});
