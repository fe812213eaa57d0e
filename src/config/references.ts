// ${NAME} in the values of the config: taken from the environment after YAML was parsed, so a value cannot become syntax.
import { visit, type Document, type LineCounter } from 'yaml';

type Env = Readonly<Record<string, string | undefined>>;

export interface ReferenceFault {
  readonly line: number;
  readonly where: '';
  readonly message: string;
}

const REFERENCE = /\$\{([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Changes the document in place; returns a fault for every reference that has no value. */
export function resolveReferences(document: Document, env: Env, lines: LineCounter): ReferenceFault[] {
  const faults: ReferenceFault[] = [];
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = resolved(node.value, env, (message) =>
        faults.push({ line: lines.linePos(node.range?.[0] ?? 0).line, where: '', message }),
      );
    },
  });
  return faults;
}

/** The same for plain settings, as they are left by a reader that needs no secrets. `fail` is called for each reference without a value. */
export function withReferences<T>(value: T, env: Env, fail: (message: string) => void): T {
  if (typeof value === 'string') return resolved(value, env, fail) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => withReferences(item, env, fail)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, withReferences(item, env, fail)]);
  return Object.fromEntries(entries) as T;
}

function resolved(text: string, env: Env, fail: (message: string) => void): string {
  return text.replace(REFERENCE, (_, name: string, end: string) => {
    const value = end === '' || !NAME.test(name) ? undefined : env[name];
    if (!value) fail(faultOf(name, end));
    return value ?? '';
  });
}

function faultOf(name: string, end: string): string {
  return end === '' || !NAME.test(name)
    ? '"${" begins a reference: write ${NAME}, and keep other text with "${" in a variable'
    : `the environment variable ${name} is not set`;
}
