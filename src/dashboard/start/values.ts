// From what was typed to the body of POST /v1/jobs, and back. What cannot be right goes to the API as it was typed: that
// says what is wrong, and beside which field.
import type { JobKind } from '../../core/job.js';
import type { Query } from '../route.js';
import { fieldsOf, type Field } from './fields.js';

/** Texts by the path of their field: streams one a line, flags `true` or nothing. */
export type Values = Query;

export function bodyOf(kind: JobKind, values: Values): object {
  const body: Tree = { kind, ...structuredClone(NEEDED[kind]) };
  for (const field of fieldsOf(kind)) {
    const text = (values[field.path] ?? '').trim();
    if (text !== '') put(body, field.path.split('.'), valueOf(field, text));
  }
  return body;
}

/** What must be there, so that a fault is named at the field within. */
const NEEDED: Readonly<Record<JobKind, object>> = {
  backup: { source: {}, sink: {} },
  export: { source: {}, sink: {}, options: {} },
  verify: { source: {} },
  restore: { source: {}, sink: {} },
  copy: { source: {}, sink: {} },
};

interface Tree {
  [name: string]: unknown;
}

function put(tree: Tree, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) tree[name] = value;
  else put((tree[name] ??= {}) as Tree, rest, value);
}

function valueOf({ type }: Field, text: string): unknown {
  switch (type) {
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'flag':
      return text === 'true';
    case 'streams':
      return text.split('\n').flatMap((line) => line.trim() || []);
    case 'json':
      return parsed(text);
    default:
      return text;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The texts that make the form say the same as this spec. */
export function valuesOf(spec: { readonly kind: JobKind }): Values {
  const found = fieldsOf(spec.kind).flatMap((field) => {
    const value = field.path.split('.').reduce<unknown>((at, name) => (at as Tree | undefined)?.[name], spec);
    return value === undefined || value === null ? [] : [[field.path, textOf(field, value)] as const];
  });
  return Object.fromEntries(found);
}

function textOf({ type }: Field, value: unknown): string {
  if (type === 'streams') return (value as readonly string[]).join('\n');
  return type === 'json' ? JSON.stringify(value) : String(value);
}

/** A fault of the API, at the path in the body. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Each fault beside the field that it is of: `source.streams.0` is of `source.streams`. `rest`: those of no field. */
export function placeFaults(fields: readonly Field[], faults: readonly Fault[]) {
  const byPath = new Map<string, string[]>();
  const rest: Fault[] = [];
  for (const fault of faults) {
    const field = fields.find(({ path }) => fault.path === path || fault.path.startsWith(`${path}.`));
    if (field) byPath.set(field.path, [...(byPath.get(field.path) ?? []), fault.message]);
    else rest.push(fault);
  }
  return { byPath, rest };
}

export interface Site {
  readonly origin: string;
  readonly hasKeys: boolean;
}

/** The command that starts the same job from a shell. The key is where the `longhaul` command has it. */
export function curlOf({ origin, hasKeys }: Site, body: object): string {
  const key = hasKeys ? ' -H "authorization: Bearer $LONGHAUL_API_KEY"' : '';
  const json = JSON.stringify(body, null, 2).replaceAll("'", String.raw`'\''`);
  return `curl -s ${origin}/v1/jobs -H 'content-type: application/json'${key} -d '${json}'`;
}
