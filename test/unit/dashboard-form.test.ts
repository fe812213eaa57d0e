// The form that starts a job: what was typed becomes the body of POST /v1/jobs, and a job becomes what was typed.
import { describe, expect, test } from 'vitest';
import { check } from '../../src/core/faults.js';
import { jobSpecSchema, type JobSpec } from '../../src/core/spec.js';
import { isAsked } from '../../src/dashboard/start/asked.js';
import { fieldsOf, FORMS } from '../../src/dashboard/start/fields.js';
import { bodyOf, curlOf, placeFaults, valuesOf } from '../../src/dashboard/start/values.js';

const KINDS = ['backup', 'export', 'verify', 'restore', 'copy'] as const;

/** Specs of each kind in which, all together, every field has a value. */
const WHOLE: Readonly<Record<(typeof KINDS)[number], readonly JobSpec[]>> = {
  backup: [
    {
      kind: 'backup',
      source: { connection: 'crm', streams: ['contacts', 'companies'] },
      sink: { connection: 'vault', prefix: 'nightly', archive: 'a' },
      options: {
        lanes: 2,
        pageSize: 10,
        checkpoint: { seconds: 1.5, bytes: 1_000, pages: 1 },
        compression: 'gzip',
        rejects: { max: 3 },
        base: 'nightly/b',
        tenant: 'acme',
      },
    },
  ],
  export: [
    {
      kind: 'export',
      source: { connection: 'vault', archive: 'nightly/a', streams: ['contacts'] },
      sink: { connection: 'vault', prefix: 'files', name: 'b' },
      options: {
        lanes: 2,
        pageSize: 10,
        checkpoint: { seconds: 1, bytes: 1_000, pages: 1 },
        format: 'csv',
        fileBytes: 1_000,
        compression: 'none',
        rejects: { max: 3 },
        skipDamaged: true,
        tenant: 'acme',
      },
    },
  ],
  verify: [
    {
      kind: 'verify',
      source: { connection: 'vault', archive: 'nightly/a', streams: ['contacts'] },
      options: { lanes: 2, against: { connection: 'vault', archive: 'nightly/b' }, tenant: 'acme' },
    },
    {
      kind: 'verify',
      source: { connection: 'vault', archive: 'nightly/a' },
      options: { sample: '0.5%' },
    },
  ],
  restore: [
    {
      kind: 'restore',
      source: {
        connection: 'vault',
        archive: 'nightly/a',
        streams: ['contacts'],
        keys: { from: [1], to: ['9007199254740993'] },
      },
      sink: { connection: 'main', mode: 'upsert', create: true },
      options: {
        lanes: 2,
        checkpoint: { seconds: 1, bytes: 1_000, pages: 1 },
        rejects: { max: 3 },
        skipDamaged: true,
        remap: { 'contacts.account_id': 'accounts.id' },
        dryRun: true,
        tenant: 'acme',
      },
    },
    {
      kind: 'restore',
      source: { connection: 'vault', archive: 'nightly/a', rejectsOf: 'restore-1' },
      sink: { connection: 'main' },
    },
  ],
  copy: [
    {
      kind: 'copy',
      source: { connection: 'cloud', streams: ['photos'] },
      sink: { connection: 'mirror', mode: 'upsert' },
      options: {
        lanes: 2,
        pageSize: 10,
        checkpoint: { seconds: 1, bytes: 1_000, pages: 1 },
        rejects: { max: 3 },
        tenant: 'acme',
      },
    },
  ],
};

describe.each(KINDS)('the form of %s', (kind) => {
  test('has a field for everything that its spec can say', () => {
    for (const spec of WHOLE[kind]) {
      expect(check(jobSpecSchema, spec)).toMatchObject({ ok: true });
      expect(bodyOf(kind, valuesOf(spec))).toEqual(spec);
    }
    const used = new Set(WHOLE[kind].flatMap((spec) => Object.keys(valuesOf(spec))));
    expect([...used].toSorted()).toEqual(
      fieldsOf(kind)
        .map(({ path }) => path)
        .toSorted(),
    );
  });

  test('leaves out what was left empty, so that the defaults of the API hold', () => {
    expect(bodyOf(kind, { 'options.lanes': '  ', 'sink.prefix': '' })).toEqual(EMPTY[kind]);
  });
});

const EMPTY = {
  backup: { kind: 'backup', source: {}, sink: {} },
  export: { kind: 'export', source: {}, sink: {}, options: {} },
  verify: { kind: 'verify', source: {} },
  restore: { kind: 'restore', source: {}, sink: {} },
  copy: { kind: 'copy', source: {}, sink: {} },
};

describe('an archive is asked for', () => {
  const connection = (name: string, ...roles: ('source' | 'sink' | 'target')[]) => ({
    name,
    type: 'file',
    roles,
    limits: {},
    streams: null,
  });
  const connections = [
    connection('crm', 'source'),
    connection('vault', 'sink'),
    connection('photos', 'source', 'sink', 'target'),
  ];
  const asks = (kind: (typeof KINDS)[number], path: string, values: Record<string, string>) =>
    isAsked(
      fieldsOf(kind).find((field) => field.path === path)!,
      values,
      connections,
    );

  test.each([
    ['crm', false],
    ['photos', true],
    ['vault', false],
    ['gone', false],
    ['', false],
  ])('as the base of a backup of %s: %s', (source, asked) => {
    const values = { 'source.connection': source, 'sink.connection': 'vault' };
    expect(asks('backup', 'options.base', values)).toBe(asked);
  });

  test('as the source of an export where that holds some, and always where there must be one', () => {
    expect(asks('export', 'source.archive', { 'source.connection': 'crm' })).toBe(false);
    expect(asks('export', 'source.archive', { 'source.connection': 'vault' })).toBe(true);
    expect(asks('verify', 'source.archive', {})).toBe(true);
  });

  test('where one was typed, whatever is chosen by now: it would be sent unseen', () => {
    expect(asks('backup', 'options.base', { 'source.connection': 'crm', 'options.base': 'a' })).toBe(true);
  });
});

test('what is no number goes to the API as it was typed, which says so at its path', () => {
  const body = bodyOf('backup', {
    'options.lanes': 'many',
    'source.connection': 'crm',
    'sink.connection': 'v',
  });
  const checked = check(jobSpecSchema, body as JobSpec);
  const faults = checked.ok
    ? []
    : checked.faults.map(({ path, message }) => ({ path: path.join('.'), message }));
  const { byPath, rest } = placeFaults(fieldsOf('backup'), faults);
  expect([...byPath.keys()]).toEqual(['options.lanes']);
  expect(rest).toEqual([]);
});

test('a fault inside of a field is shown at the field, and one of no field is not lost', () => {
  const faults = [
    { path: 'source.streams.0', message: 'no such stream' },
    { path: 'source.streams.2', message: 'no such stream either' },
    { path: 'source', message: '`keys` needs one stream' },
  ];
  const { byPath, rest } = placeFaults(fieldsOf('backup'), faults);
  expect([...byPath]).toEqual([['source.streams', ['no such stream', 'no such stream either']]]);
  expect(rest).toEqual([faults[2]]);
});

test('the command for a shell survives quotes in what was typed', () => {
  const text = curlOf(
    { origin: 'http://localhost:8400', hasKeys: false },
    bodyOf('backup', { 'options.tenant': "o'brien" }),
  );
  expect(text).toContain(String.raw`o'\''brien`);
  expect(text).not.toContain('authorization');
});

test('the command for a shell shows a key where the API has some, and names none', () => {
  const text = curlOf({ origin: 'http://localhost:8400', hasKeys: true }, bodyOf('backup', {}));
  expect(text).toContain(' -H "authorization: Bearer $LONGHAUL_API_KEY" -d ');
});

test('no two fields of a form have the same path', () => {
  for (const kind of KINDS) {
    const paths = FORMS[kind].flatMap(({ fields }) => fields.map(({ path }) => path));
    expect(new Set(paths).size).toBe(paths.length);
  }
});
