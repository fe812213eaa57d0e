// What an API says of the next page and of when to come back, whatever it says.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HttpStream } from '../../src/config/http.js';
import { closedUntil, comeBackAt, retryAfter } from '../../src/connectors/http/retry-after.js';
import { linkTarget } from '../../src/connectors/http/link-header.js';
import { createPager } from '../../src/connectors/http/pagers.js';
import { createUrls, parseBaseUrl } from '../../src/connectors/http/urls.js';
import { BOUNDED, readOrRefused } from '../support/fuzz.js';

const NOW = Date.UTC(2026, 0, 1);
const DAYS_31 = 31 * 86_400_000;

const digits = fc.stringMatching(/^\d{1,400}(\.\d{1,3})?$/);
const fieldValue = fc.oneof(
  digits,
  digits.map((n) => `"default";r=0;t=${n}`),
  digits.map((n) => `limit=1, remaining=0, reset=${n}`),
  fc.tuple(digits, digits).map(([q, w]) => `"default";q=${q};w=${w}`),
  fc.constantFrom('0', '"default";r=0'),
  fc.date({ noInvalidDate: false }).map((date) => String(date)),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const fields = fc.dictionary(
  fc.constantFrom(
    'retry-after',
    'ratelimit',
    'ratelimit-policy',
    'ratelimit-remaining',
    'ratelimit-reset',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
    'x-rate-limit-remaining',
    'x-rate-limit-reset',
  ),
  fc.oneof(fieldValue, fc.array(fieldValue, { maxLength: 3 })),
);

test('whatever a source says of its limit, the time to come back is one that a date can hold, and not years away', () => {
  fc.assert(
    fc.property(fields, (headers) => {
      for (const say of [comeBackAt, retryAfter, closedUntil]) {
        const at = say(headers, NOW) ?? NOW;
        expect(at).toBeGreaterThanOrEqual(NOW);
        expect(at).toBeLessThanOrEqual(NOW + DAYS_31);
        expect(new Date(at).getTime()).toBe(Math.trunc(at));
      }
    }),
    BOUNDED,
  );
});

const target = fc.stringMatching(/^[^<>\r\n]{0,30}$/);
const rels = fc.array(fc.constantFrom('prev', 'next', 'last', 'NEXT', 'up'), { minLength: 1, maxLength: 3 });
const link = fc.record({
  target,
  rels,
  title: fc.option(fc.stringMatching(/^[\w ;,=<>]{0,12}$/)),
  spaces: fc.nat(2),
});

test('the first link with the relation is found, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.array(link, { maxLength: 4 }), (links) => {
      const field = links
        .map(({ target, rels, title, spaces }) => {
          const gap = ' '.repeat(spaces);
          const titled = title === null ? '' : `;${gap}title="${title}"`;
          return `<${target}>${titled}${gap};${gap}rel="${rels.join(' ')}"`;
        })
        .join(', ');
      const first = links.find(({ rels }) => rels.some((rel) => rel.toLowerCase() === 'next'));
      expect(linkTarget(field, 'next')).toBe(first?.target ?? null);
    }),
    BOUNDED,
  );
});

const CONFIG = { type: 'http', baseUrl: 'https://api.example.com/v1', streams: {} } as const;
const PAGINATORS: readonly HttpStream['paginator'][] = [
  { type: 'cursor', cursor_path: 'next', cursor_param: 'cursor' },
  { type: 'header_cursor', cursor_header: 'Link', cursor_param: 'cursor' },
  { type: 'json_link', next_url_path: 'next' },
  { type: 'header_link' },
  { type: 'offset', total_path: 'total' },
  { type: 'page_number', total_path: 'total' },
  { type: 'page_number', total_pages_path: 'total' },
];

/** JSON texts that a body may hold where the place of the next page should be. */
const value = fc.option(
  fc.oneof(
    fc.jsonValue({ stringUnit: 'binary' }).map((json) => JSON.stringify(json)),
    fc.webUrl({ withQueryParameters: true }).map((url) => JSON.stringify(url)),
    fc.constantFrom('"//evil.example.com/x"', '"?page=2"', '"https://api.example.com/v1?c=1"', '1e999', '-0'),
    fc.integer({ min: 5_990, max: 6_010 }).map((length) => `"${'c'.repeat(length)}"`),
  ),
);
const page = fc.record({
  values: value,
  records: fc.nat(3),
  link: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.webUrl().map((url) => `<${url}>; rel="next"`),
  ),
});

test.for(PAGINATORS)(
  'whatever a page says, $type leads to the same host, to the end or to a named error',
  async (paginator) => {
    const stream: HttpStream = { path: 'things', records: 'data', paginator };
    const baseUrl = parseBaseUrl('crm', CONFIG);
    const pager = createPager(stream, null, createUrls(CONFIG, baseUrl, stream, null));
    await fc.assert(
      fc.asyncProperty(page, async ({ values, records, link }) => {
        const start = pager.start();
        const url = pager.url(start);
        const seen = { what: 'things', url, headers: { link }, body: { values: [values], records } };
        const { value: next } = await readOrRefused(() => pager.next(start, seen as never));
        if (!next) return;
        expect(JSON.parse(JSON.stringify(next))).toEqual(next);
        expect(pager.url(next).origin).toBe(baseUrl.origin);
      }),
      BOUNDED,
    );
  },
);
