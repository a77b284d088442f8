/** Every link of the documents that goes to a file of the repository goes to one that is there, and to a heading of it. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf, readPage, ROOT } from './markdown.ts';

const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).toSorted();

/** A path from the root, down to the file. */
const FILE = /`((?:bin|cli|config|demo|docs|lambdas|lib|local|schema|stand-ins|test)\/[\w./-]+\.\w+)`/g;

/** @returns why the link goes nowhere; undefined when it does not */
function problemOf(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(new URL(target, ROOT))) return `${link}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  const anchors = readPage(target).headings.map(({ text }) => anchorOf(text));
  return anchors.includes(anchor) ? undefined : `${link}: ${target} has no such heading`;
}

describe('links', () => {
  it('are looked for where there are documents', () => {
    expect(PAGES).toEqual(
      expect.arrayContaining(['README.md', 'README.ko.md', 'CONTRIBUTING.md', 'docs/architecture.md']),
    );
  });

  it.each(PAGES)('of %s go somewhere', (page) => {
    expect(readPage(page).links.flatMap((link) => problemOf(page, link) ?? [])).toEqual([]);
  });

  it.each(['docs/architecture.md', 'docs/security.md', 'CONTRIBUTING.md'])(
    'of %s in code font are files that are there',
    (page) => {
      const named = [...readFileSync(new URL(page, ROOT), 'utf8').matchAll(FILE)].map(
        ([, path = '']) => path,
      );

      expect(named).not.toEqual([]);
      expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
    },
  );

  it('are missed when the file or the heading is not there', () => {
    expect(problemOf('README.md', 'docs/nowhere.md')).toBe('docs/nowhere.md: there is no docs/nowhere.md');
    expect(problemOf('docs/security.md', '../README.md#nothing')).toBe(
      '../README.md#nothing: README.md has no such heading',
    );
    expect(problemOf('README.md', '#costs')).toBeUndefined();
  });
});
