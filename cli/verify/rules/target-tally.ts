/** Looks at every target once, with its result: all that can be said of it by itself. */
import { MAX_ATTEMPTS } from '../../../lambdas/campaign-grant/domain/retry.ts';
import { toHundredths } from './exact-amount.ts';
import { Found } from './found.ts';

/** A target, and the result and the dead letter that are there for it. */
export interface TargetFacts {
  readonly targetId: string;
  readonly customerUid: string;
  readonly voucherNumber: string | null;
  readonly amount: string | null;
  readonly publishStatus: string;
  readonly result: ResultFacts | null;
  /** Whether its cause was a passing one; null: there is no dead letter. */
  readonly deadLetter: { readonly isTransient: boolean } | null;
}

export interface ResultFacts {
  readonly promotionId: string;
  readonly processStatus: string;
  readonly transactionKey: string | null;
  readonly hasReason: boolean;
  readonly attemptCount: number;
}

/** `underWay`: sent, and not decided. `waiting`: to be sent. */
export type Standing = 'granted' | 'failed' | 'underWay' | 'waiting';

export class TargetTally {
  targets = 0;
  granted = 0;
  failed = 0;
  published = 0;
  retriedSuccess = 0;
  /** Results of this promotion that have a target of it. */
  ownResults = 0;
  highestAttempt = 0;
  grantedHundredths = 0n;
  readonly waiting = new Found();
  readonly underWay = new Found();
  readonly retrying = new Found();
  readonly pending = new Found();
  readonly failedWithoutReason = new Found();
  readonly invalidWithoutResult = new Found();
  readonly invalidButGranted = new Found();
  readonly resultOfAnother = new Found();
  readonly resultUnknown = new Found();
  readonly grantedWithoutKey = new Found();
  readonly grantedWithoutAmount = new Found();
  readonly grantedWithoutAttempt = new Found();
  readonly tooManyAttempts = new Found();
  readonly withoutDeadLetter = new Found();

  readonly #promotionId: string;
  readonly #defaultAmount: string | null;

  constructor(of: { readonly promotionId: string; readonly defaultAmount: string | null }) {
    this.#promotionId = of.promotionId;
    this.#defaultAmount = of.defaultAmount;
  }

  /** The result counts as this target's only if it is of this promotion. */
  resultOf(target: TargetFacts): ResultFacts | null {
    return target.result?.promotionId === this.#promotionId ? target.result : null;
  }

  standingOf(target: TargetFacts): Standing {
    const status = this.resultOf(target)?.processStatus;
    if (status === 'SUCCESS') return 'granted';
    if (status === 'FAILED' || target.publishStatus === 'FAILED') return 'failed';
    return status === 'RETRYING' || target.publishStatus === 'PUBLISHED' ? 'underWay' : 'waiting';
  }

  /** Hundredths; undefined: neither it nor the promotion has a positive amount. */
  amountOf(target: TargetFacts): bigint | undefined {
    const amount = toHundredths(target.amount ?? this.#defaultAmount ?? '');
    return amount === undefined || amount <= 0n ? undefined : amount;
  }

  add(target: TargetFacts): void {
    const { targetId: id, publishStatus } = target;
    this.targets += 1;
    if (publishStatus === 'PUBLISHED') this.published += 1;
    this.pending.addIf(publishStatus === 'PENDING', id);
    this.resultOfAnother.addIf(target.result !== null && this.resultOf(target) === null, id);
    const result = this.resultOf(target);
    if (result !== null) this.#addResult(target, result);
    this.#addStanding(target, result);
  }

  #addStanding(target: TargetFacts, result: ResultFacts | null): void {
    const { targetId: id, publishStatus } = target;
    switch (this.standingOf(target)) {
      case 'granted':
        this.granted += 1;
        this.grantedHundredths += this.amountOf(target) ?? 0n;
        this.grantedWithoutAmount.addIf(this.amountOf(target) === undefined, id);
        this.invalidButGranted.addIf(publishStatus === 'FAILED', id);
        break;
      case 'failed':
        this.failed += 1;
        this.invalidWithoutResult.addIf(result?.processStatus !== 'FAILED', id);
        // No call was made for an invalid target, even where its publish_status was set right later.
        this.withoutDeadLetter.addIf(
          publishStatus === 'PUBLISHED' && (result?.attemptCount ?? 0) > 0 && target.deadLetter === null,
          id,
        );
        break;
      case 'underWay':
        this.underWay.add(id);
        break;
      case 'waiting':
        this.waiting.add(id);
        break;
    }
  }

  #addResult({ targetId: id }: TargetFacts, result: ResultFacts): void {
    const { processStatus, attemptCount } = result;
    this.ownResults += 1;
    this.highestAttempt = Math.max(this.highestAttempt, attemptCount);
    this.tooManyAttempts.addIf(attemptCount > MAX_ATTEMPTS, id);
    switch (processStatus) {
      case 'SUCCESS':
        if (attemptCount > 1) this.retriedSuccess += 1;
        this.grantedWithoutAttempt.addIf(attemptCount < 1, id);
        this.grantedWithoutKey.addIf((result.transactionKey ?? '').trim() === '', id);
        break;
      case 'FAILED':
        this.failedWithoutReason.addIf(!result.hasReason, id);
        break;
      case 'RETRYING':
        this.retrying.add(id);
        break;
      case 'PENDING':
        break;
      default:
        this.resultUnknown.add(id);
    }
  }
}
