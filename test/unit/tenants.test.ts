// What a key with a tenant may name in a job: every place in a spec is either moved into its folder or has to lie there.
import { expect, test } from 'vitest';
import { z } from 'zod';
import { RequestFaults } from '../../src/api/problems.js';
import { specOf } from '../../src/api/tenants.js';
import { jobSpecSchema, place, type JobSpec } from '../../src/core/spec.js';

interface Shape {
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly oneOf?: readonly Shape[];
  readonly const?: string;
}

const { pattern: PLACE } = z.toJSONSchema(place) as Shape;
/** The name of an archive has no slash, and lies where the prefix says. */
const NAMES = new Set(['sink.archive', 'sink.name']);

/** The paths of all fields that take a place in a store, by kind of job. */
const places = (z.toJSONSchema(jobSpecSchema) as Shape).oneOf!.flatMap((kind) =>
  fieldsOf(kind)
    .filter((path) => !NAMES.has(path.join('.')))
    .map((path) => [kind.properties!['kind']!.const!, path.join('.')] as const),
);

function fieldsOf({ pattern, properties = {} }: Shape): string[][] {
  const within = Object.entries(properties).flatMap(([name, shape]) =>
    fieldsOf(shape).map((path) => [name, ...path]),
  );
  return pattern === PLACE ? [[]] : within;
}

/** A spec of the kind with this text at the path. */
function withPlace(kind: string, path: string, text: string): JobSpec {
  const spec: Record<string, object | string> = { kind, source: {}, sink: {}, options: {} };
  const names = path.split('.');
  const last = names.pop()!;
  let at = spec as Record<string, unknown>;
  for (const name of names) at = (at[name] ??= {}) as Record<string, unknown>;
  at[last] = text;
  return spec as unknown as JobSpec;
}

const at = (spec: JobSpec, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], spec);

test('the places of all kinds are found', () => {
  expect(places).toContainEqual(['backup', 'sink.prefix']);
  expect(places).toContainEqual(['restore', 'source.archive']);
  expect(places.length).toBeGreaterThanOrEqual(7);
});

/** Where the field leads for a key of acme; or the path of the fault, which says that it may not. */
function outcome(kind: string, path: string, text: string): string {
  try {
    return String(at(specOf(withPlace(kind, path, text), 'acme'), path));
  } catch (error) {
    if (!(error instanceof RequestFaults)) throw error;
    return `refused: ${error.faults.map((fault) => fault.path.join('.')).join()}`;
  }
}

test.each(places)('%s: %s is never outside of the folder of the tenant', (kind, path) => {
  for (const foreign of ['globex/a', 'acme2/a', 'acme-2', 'a']) {
    expect([`acme/${foreign}`, `refused: ${path}`]).toContain(outcome(kind, path, foreign));
  }
  expect(outcome(kind, path, 'acme/a')).toBe('acme/a');
});

test.each(places)('%s: %s is wherever a key without tenant says', (kind, path) => {
  expect(at(specOf(withPlace(kind, path, 'globex/a'), null), path)).toBe('globex/a');
});
