/**
 * One execution environment: a process with its own clock, which can be killed at any await and can stand still.
 * A port call of one that is dead never settles, and what it had sent by then arrives all the same.
 */
import type { Breaker } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { DeadLetter, GrantResult } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import type { Clock, PromotionKey, TimeBudget } from '../../../lambdas/campaign-grant/ports.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import type { Auditor } from '../checks/auditor.ts';
import type { Random } from '../engine/random.ts';
import type { Timeline } from '../engine/timeline.ts';
import type { Trace } from '../engine/trace.ts';
import type { Plan } from '../plan.ts';
import type { StatementRunner } from '../services/sim-campaign-store.ts';
import type { FaultState } from './fault-state.ts';

export interface EnvironmentWorld {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly trace: Trace;
  readonly plan: Plan;
  readonly faults: FaultState;
  readonly auditor: Auditor;
}

/** 2026-11-21 12:00:00 in Seoul. */
export const START_MS = Date.UTC(2026, 10, 21, 3, 0, 0);

/** What the database, or the way to it, says when it cannot answer now. The Data API client asks again. */
export class TemporaryFailure extends Error {
  override readonly name = 'DatabaseUnavailableException';
}
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
}

/** As DataApi: four retries, 100 ms and then twice as long each time. */
const STATEMENT_RETRIES = 4;

/** How an attempt of a statement goes. `lost`: it happens, and its answer does not come. */
type Fate = 'answered' | 'lost' | 'refused' | 'timed-out' | 'broken';

export class Environment implements StatementRunner {
  readonly name: string;
  readonly clock: Clock;
  readonly world: EnvironmentWorld;
  isDead = false;
  /** Told once, when it dies. */
  onDeath: (why: string) => void = () => undefined;
  /** It owns the probe that it is about to send. */
  hasProbe = false;
  #thawsAt = 0;
  #monotonicLag: number;
  #wallOffsetMs: number;

  constructor(world: EnvironmentWorld, name: string) {
    this.world = world;
    this.name = name;
    const { timeline, random, faults } = world;
    this.#wallOffsetMs = faults.strikes('platform-clock-off') ? random.pick([-10_000, 10_000]) : 0;
    // Every process has its own zero.
    this.#monotonicLag = timeline.now - random.integer(0, 1000);
    this.clock = {
      now: () => START_MS + Math.round(timeline.now * 1000) + this.#wallOffsetMs,
      monotonic: () => timeline.now - this.#monotonicLag,
      sleep: (seconds) => this.#sleep(seconds),
    };
  }

  /** A process that is kept while nothing runs in it; its clock may stand still meanwhile. */
  wasIdleFor(seconds: number): void {
    if (this.world.plan.monotonicStandsStill) this.#monotonicLag += seconds;
  }

  budget(seconds: number): TimeBudget {
    const { timeline } = this.world;
    const end = timeline.now + seconds;
    return { remainingSeconds: () => end - timeline.now };
  }

  kill(why: string): void {
    if (this.isDead) return;
    this.isDead = true;
    this.world.trace.note(this.name, `DIES: ${why}`);
    this.world.auditor.environmentDied(this);
    this.onDeath(why);
  }

  /**
   * Call where a request leaves the process: here it may be killed, before or after, or stand still for a while.
   * @returns false when nothing is sent.
   */
  departs(what: string): boolean {
    if (this.isDead) return false;
    const { timeline, random, faults, trace } = this.world;
    if (faults.strikes('platform-kill')) {
      if (random.chance(0.5)) {
        this.kill(`before ${what}`);
        return false;
      }
      timeline.after(random.between(0, 0.05), () => this.kill(`after ${what}`));
    }
    if (faults.strikes('platform-stall')) {
      this.#thawsAt = timeline.now + random.logBetween(0.05, 90);
      if (trace.on) trace.note(this.name, `stands still until ${this.#thawsAt.toFixed(3)}`);
    }
    return true;
  }

  /** An answer, or a timer: nothing reaches a dead process, and one that stands still only later. */
  deliver(answer: () => void): void {
    if (this.isDead) return;
    const { timeline } = this.world;
    if (this.#thawsAt > timeline.now) timeline.at(this.#thawsAt, () => this.deliver(answer));
    else answer();
  }

  /** One round trip to a service: `effect` happens there, its result or its error comes back. */
  request<T>(what: string, seconds: number, effect: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.departs(what)) return;
      const { timeline, random, trace } = this.world;
      const there = seconds * random.next();
      timeline.after(there, () => {
        let settle: () => void;
        try {
          const result = effect();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(asError(error));
        }
        if (trace.on) trace.note(this.name, what);
        if (random.chance(0.5)) this.deliver(settle);
        else timeline.after(seconds - there, () => this.deliver(settle));
      });
    });
  }

  statement<T>(what: string, step: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => this.#tryStatement(what, step, 0, resolve, reject));
  }

  recorded(promotionType: PromotionType, results: readonly GrantResult[]): void {
    this.world.auditor.resultsRecorded(this, promotionType, results);
  }

  claimedProbe(before: Breaker, claimedMs: number): void {
    this.hasProbe = true;
    this.world.auditor.probeClaimed(before, claimedMs);
  }

  published({ promotionType, promotionId }: PromotionKey, targetIds: readonly string[]): void {
    this.world.auditor.published(promotionType, promotionId, targetIds);
  }

  gaveUp(deadLetters: readonly DeadLetter[]): void {
    this.world.auditor.gaveUp(deadLetters);
  }

  #tryStatement<T>(
    what: string,
    step: () => T,
    retry: number,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ): void {
    if (!this.departs(what)) return;
    const { timeline, random, trace } = this.world;
    const fate = this.#fate();
    const seconds = fate === 'timed-out' ? random.between(1, 45) : this.#databaseSeconds();
    const there = seconds * random.next();
    const fail = (error: Error) => {
      if (!(error instanceof TemporaryFailure) || retry === STATEMENT_RETRIES) {
        reject(error);
        return;
      }
      const wait = Math.min(2, 0.1 * 2 ** retry) * random.between(1, 2);
      timeline.after(wait, () =>
        this.deliver(() => this.#tryStatement(what, step, retry + 1, resolve, reject)),
      );
    };
    timeline.after(there, () => {
      let settle: () => void;
      if (fate === 'answered' || fate === 'lost') {
        try {
          const result = step();
          settle = () => resolve(result);
          // One that came too late changed nothing, and is not made again as it was.
          const isSaved = what === 'saveBreaker' && result === true;
          if (fate === 'lost' && isSaved) this.world.auditor.breakerAnswerLost();
        } catch (error) {
          settle = () => fail(asError(error));
        }
        if (fate === 'lost') settle = () => fail(new TemporaryFailure(`the answer to ${what} was lost`));
      } else {
        const error = fate === 'broken' ? new ServiceFailure(what) : new TemporaryFailure(`${fate}: ${what}`);
        settle = () => fail(error);
      }
      if (trace.on) trace.note(this.name, fate === 'answered' ? what : `${what} … ${fate}`);
      if (random.chance(0.5)) this.deliver(settle);
      else timeline.after(seconds - there, () => this.deliver(settle));
    });
  }

  #fate(): Fate {
    const { faults, plan } = this.world;
    if (faults.isWithin(plan.databaseDown)) return 'refused';
    if (faults.haveCeased) return 'answered';
    if (faults.strikes('database-lost-answer')) return 'lost';
    if (faults.strikes('database-deadlock')) return 'refused';
    if (faults.strikes('database-timeout')) return 'timed-out';
    if (faults.strikes('database-broken')) return 'broken';
    return 'answered';
  }

  #databaseSeconds(): number {
    const { random, plan, faults } = this.world;
    const usual = (plan.databaseMs / 1000) * random.between(0.5, 2);
    return faults.strikes('database-slow') ? usual + random.logBetween(0.05, 3) : usual;
  }

  #sleep(seconds: number): Promise<void> {
    if (seconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      if (!this.departs('a sleep')) return;
      const { timeline, random } = this.world;
      // A timer fires a little late, now and then a fraction of a millisecond early.
      const off = random.chance(0.1) ? random.between(-0.0005, 0.02) : random.between(0, 0.001);
      timeline.after(Math.max(0, seconds + off), () => this.deliver(resolve));
    });
  }
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
