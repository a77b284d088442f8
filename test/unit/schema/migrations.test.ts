/** Migrations are applied while campaigns are paid: what a statement may be (docs/decisions/0010). */
import { describe, expect, test } from 'vitest';
import { readMigrations, statementsOf } from '../../../lambdas/operations/migrate.ts';

const MIGRATIONS = new URL('../../../schema/sql/', import.meta.url);

/** MySQL and MariaDB refuse the statement where they cannot keep to it, and lock nothing. */
const ONLINE = /\bALGORITHM\s*=\s*(INSTANT\b|INPLACE\s*,?\s*LOCK\s*=\s*NONE\b)/i;
const TAKES_AWAY = /\b(DROP|RENAME|MODIFY|CHANGE|CONVERT|TRUNCATE|DELETE|UPDATE)\b/i;

/** Filled its table from the rows of promotions, which are few, before a campaign was paid with it. */
const ACCEPTED = '0005_alerts.sql: INSERT IGNORE INTO operations_alerts ';

/** Adds, and can be repeated: all that a table in use can bear. @returns why not */
function unsafe(statement: string): string | undefined {
  const sql = statement
    .replaceAll(/--.*$/gm, '')
    .replaceAll(/'[^']*'/g, "''")
    .trim();
  if (/^CREATE TABLE IF NOT EXISTS\b/i.test(sql)) return undefined;
  // Rows that the code asks for, said in the statement: few.
  if (/^INSERT IGNORE INTO\b/i.test(sql) && !/\bSELECT\b/i.test(sql)) return undefined;
  if (!/^(ALTER TABLE|CREATE( UNIQUE)? INDEX)\b/i.test(sql)) return 'is of no form that is known to be safe';
  if (TAKES_AWAY.test(sql)) return 'takes away what code that still runs may use';
  if (addsSeveral(sql)) return 'adds more than one thing';
  return ONLINE.test(sql) ? undefined : 'says neither ALGORITHM=INSTANT nor ALGORITHM=INPLACE, LOCK=NONE';
}

/** What is there already counts as added (migrate.ts): the rest of its statement would be missing. */
function addsSeveral(sql: string): boolean {
  return (sql.match(/\bADD\b/gi) ?? []).length > 1 || /\bADD\s+(COLUMN\s*)?\(/i.test(sql);
}

describe('a migration', () => {
  test('is safe while a campaign is paid', async () => {
    const statements = (await readMigrations(MIGRATIONS)).flatMap(({ name, sql }) =>
      statementsOf(sql).map((statement) => ({ name, statement })),
    );
    const problems = statements.flatMap(({ name, statement }) => {
      const why = unsafe(statement);
      return why === undefined ? [] : [`${name}: ${statement.slice(0, 60)} … ${why}`];
    });
    const further = problems.filter((problem) => !problem.startsWith(ACCEPTED));

    expect(statements.length).toBeGreaterThan(20);
    expect(further).toEqual([]);
    expect(problems).toHaveLength(1);
  });

  test.each([
    'ALTER TABLE points ADD COLUMN note VARCHAR(20) NULL, ALGORITHM=INSTANT',
    'ALTER TABLE points ADD KEY ix_points_type (type), ALGORITHM = INPLACE, LOCK = NONE',
    'CREATE INDEX ix_points_type ON points (type) ALGORITHM=INPLACE LOCK=NONE',
    "INSERT IGNORE INTO job_locks (job_name) VALUES ('update')",
  ])('may be: %s', (statement) => {
    expect(unsafe(statement)).toBeUndefined();
  });

  test.each([
    ['ALTER TABLE points ADD COLUMN note VARCHAR(20) NULL', /neither/],
    ['ALTER TABLE points ADD COLUMN a INT, ADD COLUMN b INT, ALGORITHM=INSTANT', /more than one/],
    ['ALTER TABLE points ADD COLUMN (a INT, b INT), ALGORITHM=INSTANT', /more than one/],
    ['ALTER TABLE points ADD KEY ix (type), ALGORITHM=INPLACE', /neither/],
    ['ALTER TABLE points DROP COLUMN type, ALGORITHM=INSTANT', /takes away/],
    ['ALTER TABLE points MODIFY type VARCHAR(40), ALGORITHM=INPLACE, LOCK=NONE', /takes away/],
    ['ALTER TABLE points RENAME COLUMN type TO kind, ALGORITHM=INSTANT', /takes away/],
    ['DROP TABLE points', /no form/],
    ["UPDATE points SET type = 'EARN'", /no form/],
    ['INSERT IGNORE INTO points SELECT * FROM points_old', /no form/],
    ['CREATE TABLE points_new (a INT)', /no form/],
  ])('may not be: %s', (statement, why) => {
    expect(unsafe(statement)).toMatch(why);
  });
});
