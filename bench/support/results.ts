// bench/results.md: of each case the last run, under the command that repeats it.
import { readFile, writeFile } from 'node:fs/promises';
import { markdown, type Table } from './tables.js';

const TITLE = '# Results\n';

export interface CaseResult {
  readonly name: string;
  /** The command that runs this case alone, when, and on what. */
  readonly from: string;
  readonly tables: readonly Table[];
}

/** Replaces what the file says of this case, and keeps the others. `names`: all cases, in their order. */
export async function keepResult(file: string, names: readonly string[], result: CaseResult): Promise<void> {
  const kept = sectionsOf(await readFile(file, 'utf8').catch(() => ''));
  kept.set(result.name, [`# ${result.name}\n\n${result.from}\n`, ...result.tables.map(markdown)].join('\n'));
  const sections = names.flatMap((name) => kept.get(name) ?? []);
  await writeFile(file, [TITLE, ...sections].join('\n'));
}

function sectionsOf(text: string): Map<string, string> {
  const sections = text.split(/^(?=# )/m).map((section) => `${section.trimEnd()}\n`);
  return new Map(sections.map((section) => [/^# (.*)/.exec(section)?.[1] ?? '', section]));
}
