import * as z from 'zod';
import type { SqlExecutor, SqlParameters } from '../data-api.ts';

const endRow = z.object({ count: z.int(), id: z.string().nullable() });

/**
 * @param entries of an index, as a FROM clause with its WHERE
 * @returns the id in which a page of so many of them ends; undefined when there are not so many: the last page ends nowhere
 */
export async function pageEnd(
  db: SqlExecutor,
  idColumn: string,
  entries: string,
  size: number,
  parameters: SqlParameters,
): Promise<string | undefined> {
  const [row] = await db.query(
    endRow,
    `SELECT COUNT(*) AS count, CAST(MAX(${idColumn}) AS CHAR) AS id
     FROM (SELECT ${idColumn} FROM ${entries} ORDER BY ${idColumn} LIMIT ${size}) AS page`,
    parameters,
  );
  return row === undefined || row.count < size ? undefined : (row.id ?? undefined);
}
