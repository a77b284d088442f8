import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { readLines } from './read-lines.ts';
import type { Line } from './read-lines.ts';

/** A row of a file, or why its line is none. */
export type CsvRow =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly problem: string };

const QUOTES = 'has a quote that is not closed on its line, or stands where none may';
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The rows of a CSV file with their lines, in portions. A row is a line: no column of ours has a line break, and so a
 * quote that somebody forgot to close spoils one row and not all that follow it. Blank lines are passed over.
 */
export async function* readCsv(file: FileHandle, hash: Hash): AsyncGenerator<readonly CsvRow[]> {
  for await (const lines of readLines(file, hash)) yield rowsOf(lines);
}

function rowsOf(lines: readonly Line[]): CsvRow[] {
  const wanted = lines.flatMap((line): Line[] => {
    if ('problem' in line) return [line];
    const text = withoutMarks(line.text, line.line);
    return text.trim() === '' ? [] : [{ line: line.line, text }];
  });
  const fields = parseLines(wanted.flatMap((line) => ('text' in line ? [line.text] : []))).values();
  return wanted.map((line): CsvRow => {
    if ('problem' in line) return line;
    const next = fields.next().value;
    return next === undefined ? { line: line.line, problem: QUOTES } : { line: line.line, fields: next };
  });
}

function withoutMarks(text: string, line: number): string {
  const start = line === 1 && text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  return text.slice(start, text.endsWith('\r') ? -1 : undefined);
}

/** The fields of each line; undefined where it is no row. */
function parseLines(texts: readonly string[]): readonly (readonly string[] | undefined)[] {
  const together = parseText(texts.join('\n'));
  // As many rows as lines: each line is a row. Otherwise one of them is not, and it is to be found.
  if (together?.length === texts.length) return together;
  return texts.map((text) => {
    const alone = parseText(text);
    return alone?.length === 1 ? alone[0] : undefined;
  });
}

/** undefined: it is no CSV. */
function parseText(text: string): string[][] | undefined {
  try {
    return parse(text, { record_delimiter: '\n', relax_column_count: true });
  } catch {
    // csv-parse throws for a quote alone: columns are not counted here.
    return undefined;
  }
}
