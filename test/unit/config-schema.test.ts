// The published JSON Schema: current (`npm run schema` writes it), and of one mind with the loader.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.js';
import { configSchemaFor } from '../../src/config/schema.js';

const stream = { path: '/x', records: '', paginator: { type: 'single_page' } };
const crm = {
  type: 'http',
  baseUrl: '${URL}',
  auth: { type: 'bearer', token: '${T}' },
  streams: { a: stream },
};

it('is published as it is', async () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../schema/longhaul.config.schema.json');
});

it.each([
  [
    'all kinds of connections',
    { connections: { crm, db: { type: 'postgres', url: 'x' }, v: { type: 'file', path: '.' } } },
  ],
  ['nothing', {}],
  ['an unknown key', { connections: { v: { type: 'file', path: '.', colour: 'red' } } }],
  ['an unknown type', { connections: { v: { type: 'fiel', path: '.' } } }],
  ['a name that is none', { connections: { 'a b': { type: 'file', path: '.' } } }],
  ['a name in capitals', { connections: { Vault: { type: 'file', path: '.' } } }],
  ['a limit that is none', { connections: { crm: { ...crm, limits: { concurrency: 0 } } } }],
  [
    'a paginator without its parameter',
    { connections: { crm: { ...crm, streams: { a: { ...stream, paginator: { type: 'cursor' } } } } } },
  ],
  [
    'a connection to a connector of one’s own',
    { connectors: ['./n.js'], connections: { n: { type: 'notes', a: 1 } } },
  ],
  ['the same without a connector', { connections: { n: { type: 'notes', a: 1 } } }],
  ['connectors, and none of them', { connectors: [], connections: { n: { type: 'notes' } } }],
  [
    'a role that it cannot have',
    { connectors: ['./n.js'], connections: { n: { type: 'notes', roles: ['sink'] } } },
  ],
  [
    'a built-in type beside connectors',
    { connectors: ['./n.js'], connections: { v: { type: 'file', path: 1 } } },
  ],
])('judges %s as the loader does', (_, config) => {
  const judge = new Ajv2020({ strict: false }).compile(configJsonSchema());
  expect(judge(config)).toBe(configSchemaFor(config).safeParse(config).success);
});
