import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../../lambdas/operations/migrate.ts';
import { MIGRATIONS, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';

let database: CampaignDatabase;
let folder: string;
beforeAll(async () => {
  database = await startCampaignDatabase();
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.close();
});

const url = () => pathToFileURL(`${folder}/`);

describe('migrations', () => {
  it('are applied once', async () => {
    expect((await migrate(database.db, MIGRATIONS)).applied).toEqual([]);
  });

  it('that died halfway are run again from their start', async () => {
    await writeFile(join(folder, '0901_two.sql'), 'CREATE TABLE IF NOT EXISTS m1 (a INT);\nBROKEN;\n');
    await expect(migrate(database.db, url())).rejects.toThrow(/SQL syntax/);

    await writeFile(join(folder, '0901_two.sql'), 'CREATE TABLE IF NOT EXISTS m1 (a INT);\nSELECT 1;\n');

    expect((await migrate(database.db, url())).applied).toEqual(['0901_two.sql']);
  });

  it.each([
    ['a column', '0902_column.sql', 'ALTER TABLE m1 ADD COLUMN b INT NULL, ALGORITHM=INSTANT'],
    ['a key', '0903_key.sql', 'ALTER TABLE m1 ADD KEY ix_m1_a (a), ALGORITHM=INPLACE, LOCK=NONE'],
    ['an index', '0904_index.sql', 'CREATE INDEX ix_m1_b ON m1 (b) ALGORITHM=INPLACE LOCK=NONE'],
  ])('take %s that is there for added: by one that died then, or by hand', async (_what, name, statement) => {
    await database.db.execute(statement);
    await writeFile(join(folder, name), `${statement};\n`);

    expect((await migrate(database.db, url())).applied).toEqual([name]);
  });

  it('that name a column twice are refused', async () => {
    const name = join(folder, '0905_twice.sql');
    await writeFile(name, 'CREATE TABLE IF NOT EXISTS m2 (a INT, a INT);\n');

    await expect(migrate(database.db, url())).rejects.toThrow(/Duplicate column name/);
    await rm(name);
  });

  it('that were changed after they were applied are refused', async () => {
    await writeFile(join(folder, '0901_two.sql'), 'SELECT 2;\n');

    await expect(migrate(database.db, url())).rejects.toThrow(
      '0901_two.sql has changed since it was applied',
    );
  });

  it('with the same number are refused', async () => {
    await writeFile(join(folder, '0901_three.sql'), 'SELECT 3;\n');

    await expect(migrate(database.db, url())).rejects.toThrow('two migrations have the number');
  });
});
