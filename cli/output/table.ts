import { printable } from './printable.ts';

/** Lines of columns as wide as their widest cell, two spaces apart. @param right columns that are aligned to the right */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const cells = rows.map((row) => row.map(printable));
  const count = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...cells.map((row) => (row[column] ?? '').length)),
  );
  return cells.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** The same as one text. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  return columns(rows, right)
    .map((line) => `${line}\n`)
    .join('');
}
