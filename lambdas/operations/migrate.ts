import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { SqlExecutor } from '../shared/data-api.ts';

const appliedRow = z.object({ version: z.int(), checksum: z.string() });
const FILE_NAME = /^(\d{4})_\w+\.sql$/;

/** MySQL knows no IF NOT EXISTS for these. Each adds one thing alone (test/unit/schema/migrations.test.ts). */
const ADDS_TO_A_TABLE = /^(ALTER\s+TABLE|CREATE\s+(UNIQUE\s+)?INDEX)\b/i;
/** Errors 1060 and 1061: the Data API has the text in its message, the same of MySQL and of MariaDB. */
const IS_THERE_ALREADY = /\bDuplicate (column|key) name '/;

/**
 * Applies the numbered migrations of `folder` that the database has not seen, in order, one statement at a time.
 * MySQL commits each DDL statement by itself, so each can be repeated: a migration that died halfway is run again from
 * its start, and what it had added by then, or an operator by hand, counts as added.
 * @throws Error when a migration that was applied has been changed since, or a number is used twice.
 */
export async function migrate(
  db: SqlExecutor,
  folder: URL,
): Promise<{ applied: string[]; upToDate: number }> {
  await db.execute(`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version    INT          NOT NULL PRIMARY KEY,
      name       VARCHAR(200) NOT NULL,
      checksum   CHAR(64)     NOT NULL,
      applied_at DATETIME     NOT NULL DEFAULT CURRENT_TIMESTAMP
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`);
  const rows = await db.query(appliedRow, 'SELECT version, checksum FROM schema_migrations');
  const known = new Map(rows.map((row) => [row.version, row.checksum]));

  const applied: string[] = [];
  for (const { version, name, sql, checksum } of await readMigrations(folder)) {
    const recorded = known.get(version);
    if (recorded === checksum) continue;
    if (recorded !== undefined) {
      throw new Error(`migration ${name} has changed since it was applied: write a new one instead`);
    }
    for (const statement of statementsOf(sql)) await apply(db, statement);
    await db.execute(
      `INSERT INTO schema_migrations (version, name, checksum) VALUES (:version, :name, :checksum)
       ON DUPLICATE KEY UPDATE checksum = VALUES(checksum)`,
      { version, name, checksum },
    );
    applied.push(name);
  }
  return { applied, upToDate: known.size };
}

async function apply(db: SqlExecutor, statement: string): Promise<void> {
  try {
    await db.execute(statement);
  } catch (error) {
    const isThere = error instanceof Error && IS_THERE_ALREADY.test(error.message);
    if (!isThere || !ADDS_TO_A_TABLE.test(statement)) throw error;
  }
}

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** In order. @throws Error when a number is used twice */
export async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => FILE_NAME.test(name)).sort();
  const migrations = await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { version: Number(FILE_NAME.exec(name)?.[1]), name, sql, checksum };
    }),
  );
  const duplicate = migrations.find((one, index) => one.version === migrations[index + 1]?.version);
  if (duplicate !== undefined) throw new Error(`two migrations have the number of ${duplicate.name}`);
  return migrations;
}

/** The Data API refuses several statements in one call. A statement ends with a semicolon at the end of a line. */
export function statementsOf(sql: string): string[] {
  return sql
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
