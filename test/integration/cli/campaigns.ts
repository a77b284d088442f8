/** Campaigns as they are when they have ended, written by plain SQL: none of the code that pays has a part in them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pool } from 'mysql2/promise';
import type { PromotionType } from '../../../schema/promotion.ts';
import { insertPromotion, insertTargets } from '../../support/campaign-database.ts';

/** How a target ended. `invalid`: never published. `rejected`, `exhausted`: dead letters. */
export type Ending = 'granted' | 'retried' | 'invalid' | 'rejected' | 'exhausted' | 'waiting';

export interface PaidCampaign {
  readonly promotionId: string;
  readonly promotionType: PromotionType;
  readonly kind: 'voucher' | 'point';
  readonly ids: readonly string[];
  /** What the Money API granted: an entry for each `granted` and `retried` target. */
  readonly ledger: readonly LedgerLine[];
}

export interface LedgerLine {
  readonly key: string;
  readonly kind: PromotionType;
  readonly customerUid: string;
  readonly amount: string;
  readonly voucherNumber?: string;
}

const MIXED: readonly Ending[] = ['granted', 'retried', 'invalid', 'rejected', 'exhausted', 'granted'];

export async function paidCampaign(
  sql: Pool,
  overrides: {
    type?: PromotionType;
    endings?: readonly Ending[];
    status?: 'COMPLETED' | 'STOPPED' | 'FAILED';
    amount?: string | null;
    totalAmount?: string | null;
    endedAt?: string;
  } = {},
): Promise<PaidCampaign> {
  const { type = 'VOUCHER', endings = MIXED, status = 'COMPLETED', amount = '1000.50' } = overrides;
  const { endedAt = '2026-11-01 12:30:00' } = overrides;
  const key = await insertPromotion(sql, {
    type,
    status,
    totalAmount: overrides.totalAmount ?? '100000.00',
  });
  const { promotionId, promotionType } = key;
  const ids = await insertTargets(sql, key, endings.length, amount);
  const kind = type === 'VOUCHER' ? 'voucher' : 'point';
  for (const [index, ending] of endings.entries())
    await endTarget(sql, { key, kind, id: ids[index] ?? '', ending });

  const count = (...of: readonly Ending[]) => endings.filter((ending) => of.includes(ending)).length;
  await sql.query(
    `INSERT INTO campaign_promotion_summary (promotion_id, published_count, success_count, fail_count,
       retry_success_count, started_at, completed_at, stopped_at, stopped_memo) VALUES (?)`,
    [
      [
        promotionId,
        count('granted', 'retried', 'rejected', 'exhausted'),
        count('granted', 'retried'),
        count('invalid', 'rejected', 'exhausted'),
        count('retried'),
        '2026-11-01 12:00:00',
        status === 'COMPLETED' ? endedAt : null,
        status === 'COMPLETED' ? null : endedAt,
        status === 'COMPLETED' ? null : 'lunch',
      ],
    ],
  );
  await sql.query(
    `INSERT INTO campaign_runs (promotion_id, run_number, execution_id, started_at, ended_at, outcome) VALUES ?`,
    [[[promotionId, 1, 'execution', '2026-11-01 12:00:00', endedAt, status]]],
  );
  await sql.query(
    `INSERT INTO campaign_frozen_defaults (promotion_id, default_amount, frozen_at)
     VALUES (?, 500, '2026-11-01 12:00:00')`,
    [promotionId],
  );
  const ledger = endings.flatMap((ending, index): LedgerLine[] =>
    ending === 'granted' || ending === 'retried'
      ? [
          {
            key: `${promotionType}-${promotionId}-${ids[index] ?? ''}`,
            kind: promotionType,
            customerUid: String(1_000 + index),
            amount: (amount ?? '500').replace(/\.00$/, ''),
            ...(type === 'VOUCHER' ? { voucherNumber: `V${promotionId}-${index}` } : {}),
          },
        ]
      : [],
  );
  return { promotionId, promotionType, kind, ids, ledger };
}

async function endTarget(
  sql: Pool,
  of: {
    key: { promotionId: string; promotionType: PromotionType };
    kind: 'voucher' | 'point';
    id: string;
    ending: Ending;
  },
): Promise<void> {
  const { key, kind, id, ending } = of;
  if (ending === 'waiting') return;
  await sql.query(
    `UPDATE campaign_promotion_${kind}_targets SET publish_status = ? WHERE ${kind}_target_id = ?`,
    [ending === 'invalid' ? 'FAILED' : 'PUBLISHED', id],
  );
  const isGranted = ending === 'granted' || ending === 'retried';
  const attempts = { granted: 1, retried: 3, invalid: 0, rejected: 1, exhausted: 6 }[ending];
  await sql.query(
    `INSERT INTO campaign_promotion_${kind}_results
       (${kind}_target_id, promotion_id, process_status, transaction_key, error_message, attempt_count)
     VALUES (?)`,
    [
      [
        id,
        key.promotionId,
        isGranted ? 'SUCCESS' : 'FAILED',
        isGranted ? `T-${key.promotionId}-${id}` : null,
        isGranted ? null : `REASON: ${ending}`,
        attempts,
      ],
    ],
  );
  if (ending !== 'rejected' && ending !== 'exhausted') return;
  await sql.query(
    `INSERT INTO campaign_dead_letters (dead_letter_key, promotion_id, promotion_type, target_id, cause,
       is_transient, attempt_count, created_at) VALUES (?)`,
    [
      [
        `${key.promotionType}-${key.promotionId}-${id}`,
        key.promotionId,
        key.promotionType,
        id,
        ending === 'rejected' ? 'ACCOUNT_CLOSED' : 'TIMEOUT',
        ending === 'exhausted',
        attempts,
        '2026-11-01 12:10:00',
      ],
    ],
  );
}

/** A blank line, which a ledger may have: the connection of one with this one is gone after it. */
export const BREAKS_OFF = '   ';

export interface LedgerServer {
  /** @returns its URL */
  serve(lines: readonly (LedgerLine | string)[]): string;
  close(): Promise<void>;
}

export async function startLedgerServer(): Promise<LedgerServer> {
  const ledgers: string[] = [];
  const server = createServer((request, response) => {
    const text = ledgers[Number(request.url?.slice(1))];
    response.statusCode = text === undefined ? 404 : 200;
    if (text?.includes(BREAKS_OFF) !== true) response.end(text);
    // What is written is on its way before the connection is gone.
    else response.write(text, () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server.address());
  return {
    serve: (lines) => {
      const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
      ledgers.push(`${texts.join('\n')}\n`);
      return `http://127.0.0.1:${port}/${ledgers.length - 1}`;
    },
    close: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
