/**
 * What several targets share, counted by the database. A statement looks at a slice of the values only, so that what
 * it sorts stays small; each value is in one slice.
 */
import * as z from 'zod';
import { TABLES } from '../../lambdas/campaign-grant/adapters/tables.ts';
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import type { CampaignKey } from '../targets/target-ids.ts';

export interface DuplicateVouchers {
  /** Voucher numbers that more than one target has. */
  readonly numbers: number;
  readonly targets: number;
  /** The most frequent ones, at most five. */
  readonly examples: readonly { readonly voucherNumber: string; readonly targets: number }[];
}

/** The customer with the most targets that are not settled. */
export interface BusiestCustomer {
  readonly customerUid: string;
  readonly targets: number;
}

const TARGETS_OF_A_SLICE = 2_000_000;
const MOST_EXAMPLES = 5;

const count = z.coerce.number().int();
const countRow = z.object({ numbers: count, targets: count });
const exampleRow = z.object({ voucherNumber: z.string(), targets: count });
const customerRow = z.object({ customerUid: z.string(), targets: count });

/** @returns undefined for points, which have no voucher number */
export async function readDuplicateVouchers(
  db: SqlExecutor,
  of: CampaignKey,
  targetCount: number,
): Promise<DuplicateVouchers | undefined> {
  if (of.promotionType !== 'VOUCHER') return undefined;
  const { targets } = TABLES.VOUCHER;
  let numbers = 0;
  let ofThem = 0;
  const examples: z.output<typeof exampleRow>[] = [];
  for (const slice of slicesOf(targetCount)) {
    // To the letter: the column's collation takes 'a1' for 'A1'.
    const shared = `SELECT MIN(voucher_number) AS voucherNumber, COUNT(*) AS targets FROM ${targets}
       WHERE promotion_id = :promotionId AND TRIM(voucher_number) <> ''
         AND MOD(CRC32(voucher_number), :slices) = :slice
       GROUP BY CAST(voucher_number AS BINARY) HAVING COUNT(*) > 1`;
    const parameters = { promotionId: of.promotionId, ...slice };
    const [found] = await db.query(
      countRow,
      `SELECT COUNT(*) AS numbers, COALESCE(SUM(targets), 0) AS targets FROM (${shared}) AS shared`,
      parameters,
    );
    if (found === undefined || found.numbers === 0) continue;
    numbers += found.numbers;
    ofThem += found.targets;
    examples.push(
      ...(await db.query(
        exampleRow,
        `${shared} ORDER BY targets DESC, voucherNumber LIMIT ${MOST_EXAMPLES}`,
        parameters,
      )),
    );
  }
  return { numbers, targets: ofThem, examples: examples.sort(mostFirst).slice(0, MOST_EXAMPLES) };
}

function mostFirst(a: z.output<typeof exampleRow>, b: z.output<typeof exampleRow>): number {
  return b.targets - a.targets || (a.voucherNumber < b.voucherNumber ? -1 : 1);
}

/**
 * Of those that are not settled; a customer that does not exist is paid nothing and keeps nobody waiting.
 * @returns undefined when every target is settled
 */
export async function readBusiestCustomer(
  db: SqlExecutor,
  of: CampaignKey,
  targetCount: number,
): Promise<BusiestCustomer | undefined> {
  const { targets, results, targetId } = TABLES[of.promotionType];
  let busiest: BusiestCustomer | undefined;
  for (const slice of slicesOf(targetCount)) {
    const [found] = await db.query(
      customerRow,
      `SELECT CAST(t.customer_uid AS CHAR) AS customerUid, COUNT(*) AS targets
       FROM ${targets} t LEFT JOIN ${results} r ON r.${targetId} = t.${targetId}
       WHERE t.promotion_id = :promotionId AND t.customer_uid > 0 AND MOD(CRC32(t.customer_uid), :slices) = :slice
         AND (r.process_status IS NULL OR r.process_status NOT IN ('SUCCESS', 'FAILED'))
       GROUP BY t.customer_uid ORDER BY targets DESC, t.customer_uid LIMIT 1`,
      { promotionId: of.promotionId, ...slice },
    );
    if (found !== undefined && found.targets > (busiest?.targets ?? 0)) busiest = found;
  }
  return busiest;
}

function slicesOf(targetCount: number): { slices: number; slice: number }[] {
  const slices = Math.max(1, Math.ceil(targetCount / TARGETS_OF_A_SLICE));
  return Array.from({ length: slices }, (_, slice) => ({ slices, slice }));
}
