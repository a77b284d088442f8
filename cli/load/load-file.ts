import { basename } from 'node:path';
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import { toDateTime } from '../../schema/seoul-time.ts';
import type { DataApi, SqlExecutor } from '../../lambdas/shared/data-api.ts';
import type { FileCheck, Watcher } from './check-file.ts';
import type { Column } from './columns.ts';
import { isUnchanged, readLoadState } from './load-state.ts';
import type { LoadState } from './load-state.ts';
import { LoadRefused } from './refusal.ts';
import { InsertBatch } from './insert-batch.ts';
import { readTargets } from './target-file.ts';

export interface Load {
  readonly path: string;
  /** Names this load, however often its transaction is tried. */
  readonly loadId: string;
  /** As it was when the file was checked. */
  readonly promotion: LoadState;
  readonly check: FileCheck;
  /** The same file may have been loaded before. */
  readonly again: boolean;
  readonly nowMs: number;
}

const ownRow = z.object({ loadId: z.string() });
const loadRow = z.object({ loadedAt: z.string() });

/** When the file was loaded for the promotion last; undefined: never. */
export async function loadedBefore(
  db: SqlExecutor,
  promotionId: string,
  sha256: string,
): Promise<z.output<typeof loadRow> | undefined> {
  const [row] = await db.query(
    loadRow,
    `SELECT CAST(loaded_at AS CHAR) AS loadedAt FROM campaign_target_loads
     WHERE promotion_id = :promotionId AND file_sha256 = :sha256 ORDER BY loaded_at DESC LIMIT 1`,
    { promotionId, sha256 },
  );
  return row;
}

/**
 * Loads what the check found good, in one transaction that holds the promotion's row: all of it, or nothing when
 * anything fails or this process dies. Tried again as a whole when the database was lost; a commit whose answer was
 * lost is known by the load's id.
 * @throws LoadRefused when file or promotion are no longer what was checked
 */
export function loadFile(db: DataApi, load: Load, watcher: Omit<Watcher, 'problems'>): Promise<void> {
  return db.transaction(async (tx) => {
    const { promotion, check, path } = load;
    const { promotionId } = promotion;
    const now = await readLoadState(tx, promotionId, { lock: true });
    if (await isLoaded(tx, load.loadId)) return;
    const before = await loadedBefore(tx, promotionId, check.sha256);
    if (before !== undefined && !load.again) throw new LoadRefused(sayLoadedBefore(before.loadedAt));
    if (now === undefined || !isUnchanged(promotion, now)) {
      throw new LoadRefused(`promotion ${promotionId} has changed since the file was checked: load it anew`);
    }
    await insertRows(tx, load, watcher);
    await tx.execute(
      `UPDATE campaign_promotions SET total_count = :totalCount, updated_at = :now
       WHERE promotion_id = :promotionId`,
      { promotionId, totalCount: promotion.targetCount + check.rows, now: toDateTime(load.nowMs) },
    );
    await tx.execute(
      `INSERT INTO campaign_target_loads
         (load_id, promotion_id, file_sha256, file_name, loaded_count, skipped_count, loaded_at)
       VALUES (:loadId, :promotionId, :sha256, :fileName, :rows, :skipped, :now)`,
      {
        loadId: load.loadId,
        promotionId,
        sha256: check.sha256,
        fileName: basename(path).slice(0, 255),
        rows: check.rows,
        skipped: check.problemCount,
        now: toDateTime(load.nowMs),
      },
    );
    watcher.goOn();
  });
}

async function isLoaded(tx: SqlExecutor, loadId: string): Promise<boolean> {
  const own = await tx.query(
    ownRow,
    'SELECT load_id AS loadId FROM campaign_target_loads WHERE load_id = :loadId',
    { loadId },
  );
  return own.length > 0;
}

export function sayLoadedBefore(loadedAt: string): string {
  return `this file was loaded at ${loadedAt} already: --again loads it once more`;
}

async function insertRows(
  tx: SqlExecutor,
  { path, promotion, check }: Load,
  watcher: Omit<Watcher, 'problems'>,
): Promise<void> {
  const fingerprint = { sha256: '' };
  let rows = 0;
  let batch = new InsertBatch();
  // The next rows are read while these are written. One at a time: a transaction runs one statement.
  let writing: Promise<unknown> = Promise.resolve();
  const write = async (header: readonly Column[]) => {
    await writing;
    watcher.goOn();
    watcher.progress('rows loaded', rows);
    writing = insert(tx, promotion, header, batch);
    // It is thrown where it is waited for.
    writing.catch(() => undefined);
    rows += batch.count;
    batch = new InsertBatch();
  };
  try {
    let header: readonly Column[] = [];
    for await (const portion of readTargets(path, promotion, fingerprint)) {
      ({ header } = portion);
      for (const row of portion.rows) {
        if (!row.ok || check.duplicates.has(row.line)) continue;
        batch.add(row.values);
        if (batch.isFull) await write(header);
      }
    }
    if (batch.count > 0) await write(header);
    await writing;
  } finally {
    // Nothing is under way in the transaction when it is rolled back.
    await writing.catch(() => undefined);
  }
  if (fingerprint.sha256 !== check.sha256)
    throw new LoadRefused('the file has changed while it was read: load it anew');
  if (rows !== check.rows)
    throw new Error(`${rows} rows were read, and ${check.rows} when they were checked`);
}

/** Lists go to the Data API as JSON: it has no array parameters. */
async function insert(
  tx: SqlExecutor,
  { promotionId, promotionType }: LoadState,
  header: readonly Column[],
  batch: InsertBatch,
): Promise<void> {
  const names = header.map(({ name }) => name);
  const columns = header.map(
    ({ name, sqlType }, index) => `${name} ${sqlType} PATH '$[${index}]' ERROR ON ERROR`,
  );
  const inserted = await tx.execute(
    `INSERT INTO ${TABLES[promotionType].targets} (promotion_id, ${names.join(', ')})
     SELECT :promotionId, ${names.map((name) => `loaded.${name}`).join(', ')}
     FROM JSON_TABLE(:rows, '$[*]' COLUMNS (${columns.join(', ')})) AS loaded`,
    { promotionId, rows: batch.json },
  );
  if (inserted !== batch.count) throw new Error(`${inserted} of ${batch.count} rows were inserted`);
}
