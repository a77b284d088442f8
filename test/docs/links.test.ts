/** Every link of the documents that goes to a file of the repository goes to one that is there, and to a heading of it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CODE, PAGES } from './code-font.ts';
import { anchorOf, readPage, ROOT } from './markdown.ts';

/** A path from the root, down to the file. */
const FILE = /^(?:bench|bin|cli|config|demo|docs|lambdas|lib|local|schema|stand-ins|test)\/[\w./-]+\.\w+$/;

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

/** A folder shows its README. */
function pageOf(path: string): string {
  const isFolder = statSync(new URL(path, ROOT), { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? posix.join(path, 'README.md') : path;
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

  it('lead to every page', () => {
    const linked = PAGES.flatMap((page) =>
      readPage(page)
        .links.filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => pageOf(posix.join(posix.dirname(page), link.split('#')[0] ?? ''))),
    );

    expect(PAGES.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([]);
  });

  it('in code font are files that are there', () => {
    const named = CODE.filter(({ text }) => FILE.test(text));

    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ text }) => !existsSync(new URL(text, ROOT)))).toEqual([]);
  });

  it('of the list of decisions are to each of them, by its number and title', () => {
    const list = readFileSync(new URL('docs/decisions/README.md', ROOT), 'utf8');
    const decisions = PAGES.filter((page) => /^docs\/decisions\/\d/.test(page)).map((page) => ({
      file: posix.basename(page),
      title: readPage(page).headings[0]?.text ?? '',
    }));

    expect(decisions.length).toBeGreaterThan(10);
    for (const { file, title } of decisions) {
      const [number = '', ...words] = title.split('. ');
      expect(file.startsWith(number.padStart(4, '0')), `${file}: ${title}`).toBe(true);
      expect(list).toContain(`| ${number} | [${words.join('. ')}](${file}) | 2`);
    }
  });

  it('are missed when the file or the heading is not there', () => {
    expect(problemOf('README.md', 'docs/nowhere.md')).toBe('docs/nowhere.md: there is no docs/nowhere.md');
    expect(problemOf('docs/security.md', '../README.md#nothing')).toBe(
      '../README.md#nothing: README.md has no such heading',
    );
    expect(problemOf('README.md', '#costs')).toBeUndefined();
  });
});
