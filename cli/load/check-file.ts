import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { id } from '../../schema/promotion.ts';
import { idsAfter } from '../targets/target-ids.ts';
import * as z from 'zod';
import { DuplicateNumbers } from './duplicate-numbers.ts';
import type { DuplicateRow } from './duplicate-numbers.ts';
import { LineSet } from './line-set.ts';
import type { LoadState } from './load-state.ts';
import { readTargets } from './target-file.ts';
import type { RowProblem } from './target-rows.ts';

export interface FileCheck {
  /** Rows that can be loaded. */
  readonly rows: number;
  readonly problemCount: number;
  /** What the rows that can be loaded would be granted. */
  readonly hundredths: bigint;
  /** Lines that are not to be loaded though each by itself could be. */
  readonly duplicates: LineSet;
  readonly sha256: string;
}

export interface Watcher {
  progress(what: string, done: number): void;
  /** Each problem once, those of single rows in the order of the file. */
  problems(problems: readonly RowProblem[]): Promise<void>;
  /** @throws LoadInterrupted */
  goOn(): void;
}

const numberRow = z.object({ id, number: z.string().nullable() });
/** Within the Data API's 1 MiB an answer with the longest numbers. */
const PAGE_SIZE = 4_000;
const DUPLICATES_AT_ONCE = 1_000;

/** Goes through the file once and writes nothing. @throws LoadRefused when its first line is not what it should be */
export async function checkFile(
  db: SqlExecutor,
  path: string,
  promotion: LoadState,
  watcher: Watcher,
): Promise<FileCheck> {
  const numbers = promotion.promotionType === 'VOUCHER' ? new DuplicateNumbers() : undefined;
  try {
    if (numbers !== undefined) await addLoaded(db, promotion, numbers, watcher);
    const found = await checkRows(path, promotion, numbers, watcher);
    const duplicates = new LineSet();
    let waiting: RowProblem[] = [];
    const tell = async (problems: readonly RowProblem[]) => {
      waiting = [];
      await watcher.problems(problems);
    };
    for (const row of numbers?.find() ?? []) {
      duplicates.add(row.line);
      found.rows -= 1;
      found.problemCount += 1;
      found.hundredths -= row.hundredths;
      waiting.push(problemOf(row));
      if (waiting.length === DUPLICATES_AT_ONCE) await tell(waiting);
    }
    await tell(waiting);
    return { ...found, duplicates };
  } finally {
    numbers?.close();
  }
}

/** The numbers of the targets that the promotion has. */
async function addLoaded(
  db: SqlExecutor,
  { promotionId, promotionType, lastTargetId }: LoadState,
  numbers: DuplicateNumbers,
  watcher: Watcher,
): Promise<void> {
  const { targets, targetId } = TABLES[promotionType];
  let after = '0';
  for (let done = 0; ;) {
    const page = await db.query(
      numberRow,
      `SELECT CAST(ids.id AS CHAR) AS id, t.voucher_number AS number
       FROM (${idsAfter(promotionType, PAGE_SIZE)}) AS ids
       JOIN ${targets} t ON t.${targetId} = ids.id ORDER BY ids.id`,
      { promotionId, after, upTo: lastTargetId },
    );
    for (const { id: target, number } of page) if (number !== null) numbers.addTarget(target, number);
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
    watcher.goOn();
    watcher.progress('targets of the promotion read', (done += page.length));
  }
}

async function checkRows(
  path: string,
  promotion: LoadState,
  numbers: DuplicateNumbers | undefined,
  watcher: Watcher,
) {
  const fingerprint = { sha256: '' };
  let rows = 0;
  let problemCount = 0;
  let hundredths = 0n;
  for await (const portion of readTargets(path, promotion, fingerprint)) {
    const problems: RowProblem[] = [];
    for (const row of portion.rows) {
      if (!row.ok) {
        problems.push({ line: row.line, column: row.column, reason: row.reason });
        continue;
      }
      rows += 1;
      hundredths += row.hundredths;
      if (row.voucherNumber !== null) numbers?.addRow(row.line, row.voucherNumber, row.hundredths);
    }
    problemCount += problems.length;
    await watcher.problems(problems);
    watcher.goOn();
    watcher.progress('rows checked', rows + problemCount);
  }
  return { rows, problemCount, hundredths, sha256: fingerprint.sha256 };
}

function problemOf({ line, of }: DuplicateRow): RowProblem {
  const who =
    'line' in of ? `line ${of.line} has it already` : `target ${of.targetId} of the promotion has it already`;
  return { line, column: 'voucher_number', reason: who };
}
