// docs/errors.md lists exactly the errors there are, and says of each what the code says.
import { expect, test } from 'vitest';
import { ERRORS } from '../../src/core/errors.js';
import { codeSpansOf, readPage, readPages, rowsOf } from '../support/docs.js';

test('the table lists exactly the codes there are, with their reactions and hints', async () => {
  const { prose } = await readPage('docs/errors.md');
  const [, ...rows] = rowsOf(prose.slice(prose.indexOf('## All codes')));
  const expected = Object.entries(ERRORS).map(([code, { reaction, attempts, hint }]) => [
    `\`${code}\``,
    attempts === undefined ? reaction : `${reaction}, ${attempts}`,
    hint,
  ]);
  expect(rows).toEqual(expected);
});

test('every reaction that a code has is explained', async () => {
  const { prose } = await readPage('docs/errors.md');
  const explained = rowsOf(prose.slice(0, prose.indexOf('## All codes'))).map(([reaction]) => reaction);
  const used = new Set(Object.values(ERRORS).map(({ reaction }) => reaction));
  expect(explained).toEqual(expect.arrayContaining([...used]));
});

test('the codes that the pages name exist', async () => {
  const codes = Object.keys(ERRORS);
  // `cursor_repeated` is a code, but fields of paginators begin with the same word.
  const families = new Set(codes.map((code) => code.split('_')[0]).filter((word) => word !== 'cursor'));
  const spans = (await readPages()).flatMap(codeSpansOf).filter((span) => /^[a-z]+(_[a-z]+)+$/.test(span));
  const named = spans.filter((span) => families.has(span.split('_')[0]));
  expect(named.length).toBeGreaterThan(codes.length);
  expect(named.filter((span) => !codes.includes(span))).toEqual([]);
});
