// The project's pages as tests see them: text, code blocks, links, headings.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  /** What follows the fence: `sh runnable`. */
  readonly info: string;
  readonly body: string;
  readonly line: number;
}

export interface DocsPage {
  /** From the root of the checkout. */
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Everything outside of code blocks. */
  readonly prose: string;
}

/** README, the pages beside it, and docs/. */
export async function readPages(): Promise<DocsPage[]> {
  const beside = (await readdir(ROOT)).filter(isPage);
  const inDocs = (await readdir(path.join(ROOT, 'docs'))).filter(isPage).map((name) => `docs/${name}`);
  return Promise.all([...beside, ...inDocs].map(readPage));
}

const isPage = (name: string): boolean => name.endsWith('.md');

export async function readPage(file: string): Promise<DocsPage> {
  return { path: file, ...split(await readFile(path.join(ROOT, file), 'utf8')) };
}

function split(text: string): Omit<DocsPage, 'path'> {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { info: string; line: number; lines: string[] } | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (fence && open) {
      blocks.push({ info: open.info, line: open.line, body: open.lines.join('\n') });
      open = null;
    } else if (fence) open = { info: fence[1] ?? '', line: index + 2, lines: [] };
    else (open?.lines ?? prose).push(line);
  }
  if (open) throw new Error(`a code block does not end: line ${open.line}`);
  return { blocks, prose: prose.join('\n') };
}

/** Where links and images lead, in order. */
export function linksOf({ prose }: DocsPage): string[] {
  const text = prose.replaceAll(/`[^`\n]*`/g, '``');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
}

/** `code` in running text. */
export function codeSpansOf({ prose }: DocsPage): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

/** The anchors of the headings, as GitHub makes them. */
export function anchorsOf({ prose }: DocsPage): string[] {
  return [...prose.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The rows of a table, as trimmed cells. `\|` stays in its cell. */
export function rowsOf(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| ---'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
