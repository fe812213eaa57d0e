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
      const fail = (message: string): string => {
        faults.push({ line: lines.linePos(node.range?.[0] ?? 0).line, where: '', message });
        return '';
      };
      node.value = node.value.replace(REFERENCE, (_, name: string, end: string) =>
        end === '' || !NAME.test(name)
          ? fail('"${" begins a reference: write ${NAME}, and keep other text with "${" in a variable')
          : env[name] || fail(`the environment variable ${name} is not set`),
      );
    },
  });
  return faults;
}
