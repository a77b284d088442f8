import { printable } from '../../output/printable.ts';

/** Lines of a section: a name, and what is to say of it beside each other. */
export type Row = readonly [name: string, ...texts: string[]];

const INDENT = '  ';
const NAME_WIDTH = 18;

/** A row's further texts stand below its first. */
export function section(title: string, rows: readonly Row[]): string[] {
  return [
    title,
    ...rows.flatMap(([name, ...texts]) =>
      texts.map(
        (text, index) => `${INDENT}${(index === 0 ? name : '').padEnd(NAME_WIDTH)}${printable(text)}`,
      ),
    ),
    '',
  ];
}
