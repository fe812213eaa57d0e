// A reader who follows a link arrives.
import { access } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, linksOf, readPages, ROOT } from '../support/docs.js';

const pages = await readPages();
const anchors = new Map(pages.map((page) => [page.path, anchorsOf(page)]));

test.each(pages.map((page) => [page.path, linksOf(page)] as const))(
  '%s leads to files and headings that exist',
  async (file, links) => {
    const broken = await Promise.all(
      links.filter(isOurs).map(async (link) => ((await arrives(file, link)) ? [] : [link])),
    );
    expect(broken.flat()).toEqual([]);
  },
);

async function arrives(file: string, link: string): Promise<boolean> {
  const [place = '', anchor] = link.split('#');
  const target = place === '' ? file : path.posix.join(path.posix.dirname(file), place);
  const isThere = await access(path.join(ROOT, target)).then(
    () => true,
    () => false,
  );
  return isThere && (anchor === undefined || (anchors.get(target)?.includes(anchor) ?? false));
}

function isOurs(link: string): boolean {
  return !/^https?:/.test(link);
}

test('every page can be found from the README', () => {
  const readme = pages.find((page) => page.path === 'README.md');
  const linked = readme ? linksOf(readme) : [];
  const others = pages.map((page) => page.path).filter((name) => name !== 'README.md');
  expect(linked).toEqual(expect.arrayContaining(others));
});
