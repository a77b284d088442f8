/** Lines of a section: a name, and what is to say of it beside each other. */
export type Row = readonly [name: string, ...texts: string[]];

const INDENT = '  ';
const NAME_WIDTH = 18;

/** A row's further texts stand below its first. */
export function section(title: string, rows: readonly Row[]): string[] {
  return [
    title,
    ...rows.flatMap(([name, ...texts]) =>
      texts.map((text, index) => `${INDENT}${(index === 0 ? name : '').padEnd(NAME_WIDTH)}${text}`),
    ),
    '',
  ];
}

/** Columns of their widest text; those named are aligned to the right. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
