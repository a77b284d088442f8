/** Holds every target against the Money API's ledger. */
import type { PromotionType } from '../../../schema/promotion.ts';
import { Found } from './found.ts';
import type { TargetFacts, TargetTally } from './target-tally.ts';

/** One grant of the ledger that carries a key of this promotion. */
export interface GrantEntry {
  readonly key: string;
  readonly kind: PromotionType;
  readonly customerUid: string;
  readonly hundredths: bigint;
  readonly voucherNumber: string | null;
}

export class LedgerTally {
  /** Of this promotion's keys. */
  entries = 0;
  ledgerHundredths = 0n;
  /** Of the entries whose target has no final result, or failed for a passing cause. */
  undecidedHundredths = 0n;
  readonly missing = new Found();
  readonly twice = new Found();
  readonly otherCustomer = new Found();
  readonly otherAmount = new Found();
  readonly otherVoucher = new Found();
  readonly otherKind = new Found();
  readonly rejectedButGranted = new Found();
  readonly failedMayBeGranted = new Found();
  readonly undecided = new Found();
  /** Keys, not ids. */
  readonly unknown = new Found();

  readonly #promotionType: PromotionType;

  constructor(promotionType: PromotionType) {
    this.#promotionType = promotionType;
  }

  /** A key of this promotion that no target of it has. */
  addUnknown(entry: GrantEntry): void {
    this.#count(entry);
    this.unknown.add(entry.key);
  }

  /** @param entries all that the ledger has for the target */
  add(target: TargetFacts, entries: readonly GrantEntry[], targets: TargetTally): void {
    const { targetId: id } = target;
    const [entry] = entries;
    for (const each of entries) this.#count(each);
    this.twice.addIf(entries.length > 1, id);
    const standing = targets.standingOf(target);
    if (standing === 'granted') {
      if (entry === undefined) this.missing.add(id);
      else this.#compare(target, entry, targets);
    } else if (entry !== undefined) {
      const isRejected = standing === 'failed' && target.deadLetter?.isTransient !== true;
      if (isRejected) this.rejectedButGranted.add(id);
      else this.undecidedHundredths += entry.hundredths;
      this.failedMayBeGranted.addIf(standing === 'failed' && !isRejected, id);
      this.undecided.addIf(standing !== 'failed', id);
    }
  }

  #count(entry: GrantEntry): void {
    this.entries += 1;
    this.ledgerHundredths += entry.hundredths;
  }

  #compare(target: TargetFacts, entry: GrantEntry, targets: TargetTally): void {
    const { targetId: id } = target;
    this.otherKind.addIf(entry.kind !== this.#promotionType, id);
    this.otherCustomer.addIf(entry.customerUid !== target.customerUid, id);
    this.otherAmount.addIf(entry.hundredths !== targets.amountOf(target), id);
    this.otherVoucher.addIf(entry.voucherNumber !== target.voucherNumber, id);
  }
}
