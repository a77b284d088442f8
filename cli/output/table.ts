export type Cell = { readonly text: string; readonly right?: boolean };

/** Columns as wide as their widest cell, two spaces apart; the last one is not padded. */
export function table(rows: readonly (readonly Cell[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => row[column]?.text.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map(({ text, right }, column) => {
          const width = widths[column] ?? 0;
          if (right === true) return text.padStart(width);
          return column === row.length - 1 ? text : text.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
