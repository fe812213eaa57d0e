// What lists are filtered by: every text that Temporal's queries can hold, and none that they cannot.
import { expect, test } from 'vitest';
import { filterText } from '../../src/core/spec.js';

const takes = (text: string) => filterText.safeParse(text).success;

test.each(['acme', 'Ä 1', '#tag & more', '(a)[b]^_', '北京', '😀', '\u{10ffff}'])('takes %s', (text) => {
  expect(takes(text)).toBe(true);
});

test.each(["'", '"', '`', '\\', '\0', '\n', '\u001b'])('refuses a text with %j in it', (sign) => {
  expect(takes(`a${sign}b`)).toBe(false);
});
