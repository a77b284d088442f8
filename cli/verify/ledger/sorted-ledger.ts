/**
 * The ledger's grants of one promotion, put aside by ranges of target ids: the targets are read range by range, so
 * only the ranges at hand are in memory. A ledger has no order of its own.
 */
import * as z from 'zod';
import { idempotencyKey } from '../../../lambdas/campaign-grant/domain/idempotency.ts';
import { promotionType } from '../../../schema/promotion.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import type { IdRange } from '../../targets/target-ids.ts';
import { toHundredths } from '../rules/exact-amount.ts';
import { compareIds, isId } from '../rules/found.ts';
import type { GrantEntry } from '../rules/ledger-tally.ts';
import { ScratchBuckets } from '../../output/scratch-buckets.ts';
import type { LedgerGrant } from './read-ledger.ts';

const line = z.tuple([z.string(), promotionType, z.string(), z.string(), z.string().nullable()]);

export class SortedLedger {
  readonly #ranges: readonly IdRange[];
  readonly #buckets: ScratchBuckets;
  readonly #prefix: string;
  readonly #otherPrefix: string;

  /** @param ranges all targets of the promotion, in order of id; the last takes what is past them */
  constructor(of: { promotionId: string; promotionType: PromotionType }, ranges: readonly IdRange[]) {
    const otherType = of.promotionType === 'VOUCHER' ? 'POINT' : 'VOUCHER';
    this.#ranges = ranges;
    this.#buckets = new ScratchBuckets(Math.max(1, ranges.length));
    this.#prefix = idempotencyKey({ ...of, targetId: '' });
    this.#otherPrefix = idempotencyKey({ ...of, promotionType: otherType, targetId: '' });
  }

  /** Grants of other promotions are left out. */
  add({ key, kind, customerUid, amount, voucherNumber }: LedgerGrant): void {
    if (!key.startsWith(this.#prefix) && !key.startsWith(this.#otherPrefix)) return;
    const bucket = this.#bucketOf(this.#targetIdOf(key));
    this.#buckets.add(bucket, JSON.stringify([key, kind, customerUid, amount, voucherNumber ?? null]));
  }

  /** By target id. What carries no id of a target is under its whole key. */
  read(range: number): Map<string, GrantEntry[]> {
    const entries = new Map<string, GrantEntry[]>();
    for (const text of this.#buckets.read(range)) {
      const [key, kind, customerUid, amount, voucherNumber] = line.parse(JSON.parse(text));
      const entry = { key, kind, customerUid, hundredths: toHundredths(amount) ?? 0n, voucherNumber };
      const targetId = this.#targetIdOf(key) ?? key;
      const same = entries.get(targetId);
      if (same === undefined) entries.set(targetId, [entry]);
      else same.push(entry);
    }
    return entries;
  }

  close(): void {
    this.#buckets.close();
  }

  #targetIdOf(key: string): string | undefined {
    const targetId = key.slice(this.#prefix.length);
    return key.startsWith(this.#prefix) && isId(targetId) ? targetId : undefined;
  }

  #bucketOf(targetId: string | undefined): number {
    if (targetId === undefined) return 0;
    let [low, high] = [0, Math.max(0, this.#ranges.length - 1)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareIds(this.#ranges[middle]?.to ?? '', targetId) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
