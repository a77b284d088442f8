/** Rows that the database makes itself by arithmetic: in seconds, where sending them would take minutes. */

/** Rows `n` of the numbers that are given as a JSON text. */
export const OFFSETS = `JSON_TABLE(?, '$[*]' COLUMNS (n INT PATH '$')) AS offsets`;

/** For OFFSETS: the numbers from 0 on. */
export const upTo = (count: number) => JSON.stringify(Array.from({ length: count }, (_, index) => index));

export async function inChunks(
  total: number,
  size: number,
  work: (from: number, count: number) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < total; from += size) await work(from, Math.min(size, total - from));
}
