import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import type { DataApi, SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id, promotionStatus, promotionType } from '../../schema/promotion.ts';
import type { PromotionType } from '../../schema/promotion.ts';
import { DuplicateLines } from './duplicate-lines.ts';
import { readCsv } from './read-csv.ts';
import { COLUMNS, checkRow, readHeader } from './target-row.ts';
import type { Header, TargetValues } from './target-row.ts';

/** Rows of one statement: what the Data API takes in one request is 4 MB. */
const ROWS_AT_ONCE = 5_000;
const MOST_PROBLEMS_KEPT = 20;

export interface RowProblem {
  readonly line: number;
  readonly reason: string;
}

export interface LoadPlan {
  readonly rows: number;
  /** Lines that would not be loaded. */
  readonly problemCount: number;
  /** The first of them. */
  readonly problems: readonly RowProblem[];
}

/** The file cannot be loaded as it is: one line. */
export class LoadRefused extends Error {}

export type Progress = (what: string, done: number) => void;

/** Reads the whole file and writes nothing. @throws LoadRefused when its first line is not what it should be */
export async function checkFile(path: string, type: PromotionType, progress: Progress): Promise<LoadPlan> {
  const problems: RowProblem[] = [];
  let problemCount = 0;
  let rows = 0;
  const say = (problem: RowProblem) => {
    problemCount += 1;
    if (problems.length < MOST_PROBLEMS_KEPT) problems.push(problem);
  };
  const duplicates = type === 'VOUCHER' ? new DuplicateLines() : undefined;
  try {
    for await (const row of checkedRows(path, type)) {
      if ('reason' in row) {
        say(row);
        continue;
      }
      rows += 1;
      duplicates?.add(row.line, String(row.values[1]));
      if (rows % ROWS_AT_ONCE === 0) progress('checked', rows);
    }
    for (const { line, firstLine } of duplicates?.find() ?? []) {
      rows -= 1;
      say({ line, reason: `the voucher_number of line ${firstLine} again` });
    }
  } finally {
    duplicates?.close();
  }
  return { rows, problemCount, problems: problems.sort((a, b) => a.line - b.line) };
}

export interface Loaded {
  readonly promotionId: string;
  readonly rows: number;
  readonly skipped: number;
}

/** Of a promotion that is made together with its targets. */
export interface NewPromotion {
  readonly promotionType: PromotionType;
  readonly campaignCode: string | null;
  readonly reservationAt: string | null;
  readonly totalAmount: string | null;
  readonly defaultAmount: string | null;
  readonly defaultReason: string | null;
  readonly defaultExpiryAt: string | null;
}

/**
 * Loads the rows of a file that can be loaded, in one transaction: all of them, or none when anything fails.
 * @throws LoadRefused when the promotion is not READY, or has one of the voucher numbers already
 */
export function loadFile(
  db: DataApi,
  path: string,
  to: { readonly promotionId: string; readonly promotionType: PromotionType } | NewPromotion,
  progress: Progress,
): Promise<Loaded> {
  // Tried again as a whole when the database was lost: the file is then read from its start.
  return db.transaction(async (tx) => {
    const promotionId = 'promotionId' in to ? await lockReady(tx, to.promotionId) : await create(tx, to);
    const { promotionType: type } = to;
    const seen = type === 'VOUCHER' ? await skippedDuplicates(path, type) : new Set<number>();
    let rows = 0;
    let skipped = 0;
    let batch: TargetValues[] = [];
    const flush = async () => {
      if (batch.length === 0) return;
      await insert(tx, promotionId, type, batch);
      rows += batch.length;
      batch = [];
      progress('loaded', rows);
    };
    for await (const row of checkedRows(path, type)) {
      if ('reason' in row || seen.has(row.line)) {
        skipped += 1;
        continue;
      }
      batch.push(row.values);
      if (batch.length === ROWS_AT_ONCE) await flush();
    }
    await flush();
    await tx.execute(
      'UPDATE campaign_promotions SET total_count = total_count + :rows WHERE promotion_id = :promotionId',
      { promotionId, rows },
    );
    return { promotionId, rows, skipped };
  });
}

type Row = { readonly line: number; readonly values: TargetValues } | RowProblem;

async function* checkedRows(path: string, type: PromotionType): AsyncGenerator<Row> {
  let header: Header | undefined;
  for await (const record of readCsv(path)) {
    const { line } = record;
    if ('problem' in record) {
      if (header === undefined) throw new LoadRefused(`line ${line} ${record.problem}`);
      yield { line, reason: record.problem };
      continue;
    }
    if (header === undefined) {
      const read = readHeader(type, record.fields);
      if ('problem' in read) throw new LoadRefused(`line ${line}: ${read.problem}`);
      header = read;
      continue;
    }
    const checked = checkRow(type, header, record.fields);
    yield checked.ok ? { line, values: checked.values } : { line, reason: checked.reason };
  }
  if (header === undefined) throw new LoadRefused('the file is empty: its first line names the columns');
}

async function skippedDuplicates(path: string, type: PromotionType): Promise<Set<number>> {
  const duplicates = new DuplicateLines();
  try {
    for await (const row of checkedRows(path, type)) {
      if ('values' in row) duplicates.add(row.line, String(row.values[1]));
    }
    return new Set([...duplicates.find()].map(({ line }) => line));
  } finally {
    duplicates.close();
  }
}

const promotionRow = z.object({ status: promotionStatus, runs: z.int() });
const createdRow = z.object({ promotionId: id });

async function lockReady(tx: SqlExecutor, promotionId: string): Promise<string> {
  const [row] = await tx.query(
    promotionRow,
    `SELECT promotion_status AS status,
            (SELECT COUNT(*) FROM campaign_runs WHERE promotion_id = :promotionId) AS runs
     FROM campaign_promotions WHERE promotion_id = :promotionId FOR UPDATE`,
    { promotionId },
  );
  if (row === undefined) throw new LoadRefused(`promotion ${promotionId} does not exist`);
  if (row.status !== 'READY' || row.runs > 0) {
    throw new LoadRefused(
      `promotion ${promotionId} is ${row.status} and has had ${row.runs} runs: load before it begins`,
    );
  }
  return promotionId;
}

async function create(tx: SqlExecutor, promotion: NewPromotion): Promise<string> {
  await tx.execute(
    `INSERT INTO campaign_promotions
       (campaign_code, promotion_type, reservation_at, total_amount, default_amount, default_reason,
        default_expiry_at, created_by)
     VALUES (:campaignCode, :promotionType, :reservationAt, :totalAmount, :defaultAmount, :defaultReason,
             :defaultExpiryAt, 'grantline load')`,
    { ...promotion },
  );
  const [row] = await tx.query(createdRow, 'SELECT CAST(LAST_INSERT_ID() AS CHAR) AS promotionId');
  if (row === undefined) throw new Error('the database gave the promotion no id');
  return row.promotionId;
}

const SQL_TYPES: Readonly<Record<string, string>> = {
  customer_uid: 'BIGINT',
  voucher_number: 'VARCHAR(40)',
  merchant_code: 'VARCHAR(30)',
  merchant_brand_code: 'VARCHAR(20)',
  amount: 'DECIMAL(10,2)',
  expired_at: 'VARCHAR(100)',
  reason: 'VARCHAR(100)',
  partition_key: 'INT',
  is_withdrawal: 'TINYINT',
};

async function insert(
  tx: SqlExecutor,
  promotionId: string,
  type: PromotionType,
  rows: readonly TargetValues[],
): Promise<void> {
  const names = COLUMNS[type].map(({ name }) => name);
  const columns = names.map((name, index) => `c${index} ${SQL_TYPES[name] ?? 'TEXT'} PATH '$[${index}]'`);
  await tx.execute(
    `INSERT INTO ${TABLES[type].targets} (promotion_id, ${names.join(', ')})
     SELECT :promotionId, ${names.map((_, index) => `r.c${index}`).join(', ')}
     FROM JSON_TABLE(:rows, '$[*]' COLUMNS (${columns.join(', ')})) AS r`,
    { promotionId, rows: JSON.stringify(rows) },
  );
}

export const typeRow = z.object({ promotionType });
