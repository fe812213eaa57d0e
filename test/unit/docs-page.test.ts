// The page that shows the OpenAPI document: everything in it, safely, and nothing from elsewhere.
import { createHash } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { createApp } from '../../src/api/app.js';
import { docsPage } from '../../src/api/docs-page.js';
import { OPEN } from '../api/fixture.js';

const app = createApp({
  client: {} as Client,
  connections: [],
  stores: () => {
    throw new Error('nothing is read');
  },
  webUiUrl: null,
  dashboard: [],
  clock: () => 0,
  stop: new AbortController().signal,
  logError: () => undefined,
  access: OPEN,
});

interface Shown {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  readonly components: { readonly schemas: object };
}

test('has every operation and every schema, and its links lead to them', async () => {
  const document = (await (await app.request('/openapi.json')).json()) as Shown;
  const page = await (await app.request('/docs')).text();
  const operations = Object.values(document.paths).flatMap(Object.values) as { operationId: string }[];
  const names = [
    ...operations.map(({ operationId }) => operationId),
    ...Object.keys(document.components.schemas),
  ];
  const ids = [...page.matchAll(/ id="(\w+)"/g)].map(([, id]) => id);
  expect(new Set(ids)).toEqual(new Set(names));
  expect(ids).toHaveLength(names.length);
  const links = [...page.matchAll(/href="#(\w+)"/g)].map(([, id]) => id);
  expect(names).toEqual(expect.arrayContaining(links));
});

test('runs no script, takes nothing from elsewhere, and its policy allows just its style', async () => {
  const response = await app.request('/docs');
  const page = await response.text();
  expect(page).not.toMatch(/<script|src=|href="http|@import|url\(/);
  const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = response.headers.get('content-security-policy');
  expect(policy).toContain(`style-src 'sha256-${hash}'`);
  expect(policy).toContain("default-src 'none'");
});

test('shows text as text', () => {
  const info = { title: '<b>', version: '"1"', description: "it's & more" };
  const page = docsPage({ info, paths: {}, components: { schemas: {} } });
  expect(page).toContain('&#60;b&#62; API &#34;1&#34;');
  expect(page).toContain('it&#39;s &#38; more');
});
