/** What the documents show as code: spans and lines of fences, with what they break over put together. */
import { globSync, readFileSync } from 'node:fs';
import { ROOT } from './markdown.ts';

export const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).toSorted();

export interface Code {
  readonly page: string;
  readonly text: string;
}

const FENCE = /^ *```\S*\n([\s\S]*?)^ *```$/gm;

export function codeOf(page: string): Code[] {
  const text = readFileSync(new URL(page, ROOT), 'utf8');
  const fenced = [...text.matchAll(FENCE)].flatMap(([, body = '']) =>
    body.replaceAll(/\\\n */g, '').split('\n'),
  );
  const spans = [...text.replaceAll(FENCE, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) =>
    span.replaceAll(/\s+/g, ' '),
  );
  return [...fenced, ...spans].map((code) => ({ page, text: code }));
}

export const CODE = PAGES.flatMap(codeOf);
