import type { MoneyAnswer } from '../domain/outcome.ts';
import type { Pacer } from '../domain/pacer.ts';
import { delayForOpenBreaker } from '../domain/retry.ts';
import type { CampaignStore, Clock, MoneyApi, TimeBudget } from '../ports.ts';
import type { CallQueue } from './call-queue.ts';
import type { MoneyBreaker, Probe } from './money-breaker.ts';

/**
 * A call goes out at most this long after the read that allowed it was begun. A stop must hold within two seconds
 * (invariant 5), and one by StopExecution takes about a second to reach the rows. A full batch is read 0.3 s
 * ahead and paid in 0.4 s: it needs no further read.
 */
const READING_VALID_SECONDS = 0.75;
const CLAIM_VALID_SECONDS = 1;
const LOOK_AGAIN_SECONDS = 1;
/** A call (3 s at most), the writes after it with their retries, and the last slot. */
const TIME_FOR_ONE_CALL_SECONDS = 12;

/** What became of a call that asked to be made. */
export type Passage =
  | { readonly kind: 'paid'; readonly probe: Probe | undefined; readonly answer: Promise<MoneyAnswer> }
  /** The campaign is not IN_PROGRESS any more, or our key is refused. */
  | { readonly kind: 'unpaid' }
  /** The breaker is open for longer than the invocation lasts. */
  | { readonly kind: 'later'; readonly delaySeconds: number }
  /** The database does not say whether to go on. */
  | { readonly kind: 'undecided' };

interface Services {
  readonly store: Pick<CampaignStore, 'readGate'>;
  readonly breaker: MoneyBreaker;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly calls: CallQueue;
  readonly key: { readonly isRefused: boolean };
  readonly money: Pick<MoneyApi, 'ready'>;
  readonly log: { batchUndecided(error: unknown, messageCount: number): void };
}

/** The batch that passes, and the reading that it begins with. */
export interface GateOptions {
  readonly promotionIds: readonly string[];
  /** When that reading was begun: seconds of the clock that never goes back. */
  readonly readAt: number;
  readonly budget: TimeBudget;
}

/**
 * What every Money call of a batch passes: the campaign is still IN_PROGRESS, the breaker lets it through, it has its
 * slot. Calls pass one at a time, in the order in which they asked, those of other batches too; while the breaker is
 * open, the first waits here and all others behind it.
 */
export class PaymentGate {
  readonly #services: Services;
  readonly #options: GateOptions;
  #inProgress: ReadonlySet<string>;
  #readAt: number;
  /** The database does not say whether to go on: nobody else of the batch need ask it. */
  #isUndecided = false;
  #breakerWaitSeconds = 0;

  constructor(services: Services, options: GateOptions) {
    this.#services = services;
    this.#options = options;
    this.#inProgress = new Set(options.promotionIds);
    this.#readAt = options.readAt;
  }

  /** Never rejects. `send` is called in the caller's turn, when its slot is taken, or not at all. */
  pass(promotionId: string, send: () => Promise<MoneyAnswer>): Promise<Passage> {
    // All of it within the turn: the next one begins before this promise is settled.
    return this.#services.calls.run(() =>
      this.#pass(promotionId, send).catch((error: unknown) => this.#giveUp(error)),
    );
  }

  /** So long calls have waited here for the breaker: one at a time, the others behind it are not counted. */
  get breakerWaitSeconds(): number {
    return this.#breakerWaitSeconds;
  }

  async #pass(promotionId: string, send: () => Promise<MoneyAnswer>): Promise<Passage> {
    const { breaker, clock, pacer, money, key } = this.#services;
    let probe: Probe | undefined;
    let claimedAt = 0;
    let isReady = false;
    for (;;) {
      if (this.#isUndecided) return { kind: 'undecided' };
      if (!this.#inProgress.has(promotionId) || key.isRefused) return { kind: 'unpaid' };
      if (this.#options.budget.remainingSeconds() < TIME_FOR_ONE_CALL_SECONDS) {
        return { kind: 'later', delaySeconds: delayForOpenBreaker(breaker.openForSeconds) };
      }
      // Connecting takes time: a call that took its slot first would arrive in a later one.
      if (!isReady && (!breaker.isOpen || probe !== undefined)) {
        await money.ready();
        isReady = true;
      }
      const wait = pacer.nextCallAt - clock.monotonic();
      // Not only once: a timer may fire a fraction of a millisecond early.
      if (wait > 0) await clock.sleep(wait);
      else if (clock.monotonic() - this.#readAt > READING_VALID_SECONDS) await this.#readAgain();
      // One that was held up is given up, or it would come too soon before the next.
      else if (probe !== undefined && clock.monotonic() - claimedAt > CLAIM_VALID_SECONDS) probe = undefined;
      else if (!breaker.isOpen || probe !== undefined) {
        pacer.takeSlot(clock.monotonic());
        return { kind: 'paid', probe: breaker.isOpen ? probe : undefined, answer: send() };
      } else {
        claimedAt = clock.monotonic();
        probe = await breaker.claimProbe();
        if (probe === undefined) {
          const waitsFrom = clock.monotonic();
          await clock.sleep(LOOK_AGAIN_SECONDS);
          await this.#readAgain();
          this.#breakerWaitSeconds += clock.monotonic() - waitsFrom;
        }
      }
    }
  }

  async #readAgain(): Promise<void> {
    const { store, breaker, clock } = this.#services;
    const begunAt = clock.monotonic();
    const reading = await store.readGate(this.#options.promotionIds);
    breaker.observe(reading.breaker);
    this.#inProgress = reading.inProgress;
    this.#readAt = begunAt;
  }

  /** Nothing may be sent while a stop could not be seen. */
  #giveUp(error: unknown): Passage {
    this.#services.log.batchUndecided(error, 1);
    this.#isUndecided = true;
    return { kind: 'undecided' };
  }
}
