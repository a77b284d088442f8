/** Counts what a campaign's targets come to: the same rule decides as when they are published. */
import { resolveTarget } from '../../../lambdas/campaign-grant/domain/target.ts';
import type {
  InvalidReason,
  PublishContext,
  TargetRow,
} from '../../../lambdas/campaign-grant/domain/target.ts';
import { fromHundredths, toHundredths } from '../../verify/rules/exact-amount.ts';
import { Found } from '../../verify/rules/found.ts';

export interface PlannedTarget extends TargetRow {
  /** null: it has no result. */
  readonly processStatus: string | null;
}

export interface Problem {
  readonly reason: InvalidReason;
  readonly count: number;
  /** Ids, at most five. */
  readonly examples: readonly string[];
}

export interface TargetFigures {
  readonly total: number;
  readonly alreadyGranted: number;
  readonly alreadyFailed: number;
  readonly toPay: number;
  /** Of those to be paid: an exact decimal. */
  readonly amount: string;
  /** Of all targets, as BeginCampaign sums them: an exact decimal. */
  readonly plannedAmount: string;
  /** How many of those to be paid fall back to what the promotion says. */
  readonly byDefault: { readonly amount: number; readonly reason: number; readonly expiry: number };
  /** Those that will be FAILED, most frequent first. */
  readonly problems: readonly Problem[];
}

/** What a message needs and a judgement does not: it is not sent. */
type Context = Pick<PublishContext, 'promotionId' | 'promotionType' | 'defaults'>;

export class TargetTally {
  total = 0;
  readonly #context: PublishContext;
  #alreadyGranted = 0;
  #alreadyFailed = 0;
  #toPay = 0;
  #hundredths = 0n;
  #plannedHundredths = 0n;
  readonly #byDefault = { amount: 0, reason: 0, expiry: 0 };
  readonly #problems = new Map<InvalidReason, Found>();

  constructor({ promotionId, promotionType, defaults }: Context) {
    this.#context = { promotionId, promotionType, defaults, partitionNumber: 0, nowMs: 0 };
  }

  add(target: PlannedTarget): void {
    this.total += 1;
    const planned = toHundredths(target.amount ?? this.#context.defaults.amount ?? '0') ?? 0n;
    if (planned > 0n) this.#plannedHundredths += planned;
    if (target.processStatus === 'SUCCESS') this.#alreadyGranted += 1;
    else if (target.processStatus === 'FAILED') this.#alreadyFailed += 1;
    else this.#addOpen(target);
  }

  get figures(): TargetFigures {
    const problems = [...this.#problems].map(([reason, { count, examples }]) => ({
      reason,
      count,
      examples,
    }));
    return {
      total: this.total,
      alreadyGranted: this.#alreadyGranted,
      alreadyFailed: this.#alreadyFailed,
      toPay: this.#toPay,
      amount: fromHundredths(this.#hundredths),
      plannedAmount: fromHundredths(this.#plannedHundredths),
      byDefault: { ...this.#byDefault },
      problems: problems.sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1)),
    };
  }

  #addOpen(target: PlannedTarget): void {
    const resolved = resolveTarget(target, this.#context);
    if (!resolved.ok) {
      const found = this.#problems.get(resolved.reason) ?? new Found();
      found.add(target.targetId);
      this.#problems.set(resolved.reason, found);
      return;
    }
    this.#toPay += 1;
    this.#hundredths += toHundredths(resolved.message.payload.amount) ?? 0n;
    const { expiryAt } = this.#context.defaults;
    if (target.amount === null) this.#byDefault.amount += 1;
    if (isBlank(target.reason)) this.#byDefault.reason += 1;
    // A voucher may have none at all.
    if (isBlank(target.expiredAt) && expiryAt !== null) this.#byDefault.expiry += 1;
  }
}

function isBlank(text: string | null): boolean {
  return text === null || text.trim() === '';
}
