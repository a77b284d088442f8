/** The parts of a page that tests compare: headings, fences, links. */
import { readFileSync } from 'node:fs';

export interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly headings: readonly { readonly level: number; readonly text: string }[];
  /** With their language. */
  readonly fences: readonly { readonly language: string; readonly text: string }[];
  readonly links: readonly string[];
  /** How many lines each table has, in order. */
  readonly tables: readonly number[];
  readonly listItems: number;
}

export const ROOT = new URL('../../', import.meta.url);

const FENCE = /^```(\S*)\n([\s\S]*?)^```$/gm;

export function readPage(path: string): Page {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  const prose = text.replaceAll(FENCE, '');
  const lines = prose.split('\n');
  return {
    path,
    headings: [...prose.matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', heading = '']) => ({
      level: marks.length,
      text: heading,
    })),
    fences: [...text.matchAll(FENCE)].map(([, language = '', body = '']) => ({ language, text: body })),
    links: [...prose.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    ),
    tables: lines
      .map((line, index) => (line.startsWith('|') && !lines[index - 1]?.startsWith('|') ? index : -1))
      .filter((index) => index >= 0)
      .map((start) => lines.slice(start).findIndex((line) => !line.startsWith('|'))),
    listItems: lines.filter((line) => line.startsWith('- ')).length,
  };
}

/** As GitHub makes anchors: lower case, without punctuation, spaces as hyphens. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
}
