/**
 * The database that all environments share: its rows, and what its people do to them directly. The statements of the
 * pipeline are sim-campaign-store.ts.
 */
import type { RaisedAlert } from '../../../lambdas/campaign-grant/domain/alerts.ts';
import type { Breaker } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { GrantDefaults, TargetRow } from '../../../lambdas/campaign-grant/domain/target.ts';
import type { PromotionStatus, PromotionType } from '../../../schema/promotion.ts';
import type { AlertRecord, DeadLetterRecord, PromotionRecord, RedriveRecord, TargetRecord } from './rows.ts';

export interface NewPromotion {
  readonly promotionType: PromotionType;
  readonly defaults: GrantDefaults;
  readonly totalAmount: string | null;
  readonly reservationAt: string | null;
  readonly priority: number;
  /** Without ids, which the database gives. */
  readonly targets: readonly Omit<TargetRow, 'targetId'>[];
}

/** Told of what is committed, in order. */
export interface DatabaseWitness {
  statusChanged(promotion: PromotionRecord, from: PromotionStatus, to: PromotionStatus): void;
  runBegun(promotion: PromotionRecord): void;
  takenBack(promotion: PromotionRecord): void;
  redriven(promotion: PromotionRecord, targets: readonly TargetRecord[]): void;
  breakerSaved(before: Breaker, after: Breaker): void;
}

const CLOSED: Breaker = {
  version: 0,
  consecutiveFailures: 0,
  streakStartedMs: null,
  openedMs: null,
  probeMs: null,
};

export class Database {
  readonly promotions: PromotionRecord[] = [];
  readonly deadLetters = new Map<string, DeadLetterRecord>();
  readonly redrives: RedriveRecord[] = [];
  /** In order of id. */
  readonly alerts = new Map<string, AlertRecord>();
  breaker: Breaker = CLOSED;
  breakerWrittenBy: symbol | undefined;
  readonly nowMs: () => number;
  readonly witness: DatabaseWitness;
  #nextTargetId = 1;

  constructor(nowMs: () => number, witness: DatabaseWitness) {
    this.nowMs = nowMs;
    this.witness = witness;
  }

  insertPromotion(promotion: NewPromotion): PromotionRecord {
    const { promotionType, defaults, totalAmount, reservationAt, priority } = promotion;
    const targets = promotion.targets.map((target): TargetRecord => {
      const id = this.#nextTargetId;
      this.#nextTargetId += 1;
      return { id, row: { targetId: String(id), ...target }, publishStatus: 'PENDING', result: undefined };
    });
    const record: PromotionRecord = {
      promotionId: String(this.promotions.length + 1),
      promotionType,
      status: 'READY',
      totalAmount,
      defaults,
      frozenDefaults: undefined,
      reservationAt,
      priority,
      partitionCount: null,
      summary: undefined,
      runs: [],
      turn: undefined,
      targets,
      byId: new Map(targets.map((target) => [target.row.targetId, target])),
    };
    this.promotions.push(record);
    return record;
  }

  find(promotionId: string): PromotionRecord | undefined {
    return this.promotions[Number(promotionId) - 1];
  }

  setStatus(promotion: PromotionRecord, status: PromotionStatus): void {
    const before = promotion.status;
    if (before === status) return;
    promotion.status = status;
    this.witness.statusChanged(promotion, before, status);
  }

  /** One that is there already is left as it is. */
  raiseAlert(alert: RaisedAlert): void {
    if (!this.alerts.has(alert.key)) this.alerts.set(alert.key, { alert, isTold: false });
  }

  saveBreaker(next: Breaker): void {
    const before = this.breaker;
    this.breaker = next;
    this.witness.breakerSaved(before, next);
  }
}
