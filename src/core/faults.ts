// Holds what a person wrote against a zod schema and says what is wrong in words: one fault a place, the allowed values,
// the name that was probably meant. Never repeats a value, which could be a secret. Not imported by workflow code.
import type { z } from 'zod';
import { nearest } from './nearest.js';

export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type Checked<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly Fault[] };

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

export function check<T>(schema: z.ZodType<T>, input: unknown): Checked<T> {
  const allowedKeys = new Map<readonly string[], readonly string[]>();
  const result = schema.safeParse(input, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') allowedKeys.set(issue.keys, keysOf(issue));
      return describe(issue);
    },
  });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, faults: result.error.issues.flatMap((issue) => faultsOf(issue, allowedKeys)) };
}

function faultsOf(issue: Issue, allowedKeys: ReadonlyMap<readonly string[], readonly string[]>): Fault[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  const allowed = allowedKeys.get(issue.keys) ?? [];
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: `unknown key; ${allowedPhrase(key, allowed)}`,
  }));
}

/** `undefined` leaves the wording to zod. */
function describe(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? `is missing; expected ${issue.expected}` : undefined;
    case 'invalid_value':
      return choice(issue.input, issue.values);
    case 'invalid_union':
      return noVariant(issue);
    case 'invalid_key':
      return `this name is not allowed: ${issue.issues.map((inner) => inner.message).join('; ')}`;
    default:
      return undefined;
  }
}

function choice(given: unknown, values: readonly z.core.util.Primitive[]): string {
  const allowed = values.map(String);
  if (given === undefined) return `is missing; allowed: ${allowed.join(', ')}`;
  return `not an allowed value; ${allowedPhrase(typeof given === 'string' ? given : '', allowed)}`;
}

function allowedPhrase(given: string, allowed: readonly string[]): string {
  const meant = nearest(given, allowed);
  return `${meant === null ? '' : `did you mean ${meant}? `}allowed: ${allowed.join(', ')}`;
}

/** None of the variants of a discriminated union, like `type: htpp`. */
function noVariant(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string | undefined {
  const { input, discriminator, options } = issue;
  if (!Array.isArray(options) || discriminator === undefined) return undefined;
  return choice((input as Record<string, unknown>)[discriminator], options as z.core.util.Primitive[]);
}

function keysOf(issue: RawIssue): string[] {
  const definition = issue.inst?._zod.def as { shape?: object } | undefined;
  return Object.keys(definition?.shape ?? {});
}
