import { grantRequestOf } from '../domain/grant-request.ts';
import { resultOf } from '../domain/grant-result.ts';
import { classify, isFailureOfTheApi } from '../domain/outcome.ts';
import type { GrantOutcome } from '../domain/outcome.ts';
import { RETRY_DELAY_SECONDS, delayForOpenBreaker, undecidedDelay } from '../domain/retry.ts';
import type { AnsweredCall, Clock, GrantState, MoneyApi, ReceivedMessage } from '../ports.ts';
import type { MoneyBreaker, Probe } from './money-breaker.ts';
import type { PaymentGate } from './payment-gate.ts';
import type { Work } from './read-grant-messages.ts';

/** A message whose grant is due, with what the database knows of it. */
export interface DueWork extends Work {
  readonly state: GrantState;
}

export interface PaidCall extends AnsweredCall {
  readonly work: DueWork;
}

/** A message that comes again after so many seconds. */
export interface Postponed {
  readonly received: ReceivedMessage;
  readonly delaySeconds: number;
}

interface Services {
  readonly money: MoneyApi;
  readonly clock: Clock;
  readonly breaker: MoneyBreaker;
  readonly gate: PaymentGate;
  /** A refused key is no target's fault: nobody else is asked for with it. */
  readonly key: { isRefused: boolean };
}

export interface PaidBatch {
  readonly calls: PaidCall[];
  readonly again: Postponed[];
  /** Their campaign was stopped meanwhile, or our key refused. */
  readonly unpaid: DueWork[];
  /** Epoch milliseconds of each call. */
  readonly callsAt: number[];
  /** What the breaker is being told: to be awaited before the invocation ends, and in no call's way. */
  readonly telling: Promise<void>[];
}

/**
 * The groups (customers) of a batch are paid side by side, each call when the gate lets it pass; within a group one
 * after the other, in order. A group whose message must come again stops there, and its rest comes again too:
 * FIFO would otherwise hand out the later message before the earlier one.
 */
export async function payOnSlots(services: Services, works: readonly DueWork[]): Promise<PaidBatch> {
  const { money, clock, gate, breaker, key } = services;
  const batch: PaidBatch = { calls: [], again: [], unpaid: [], callsAt: [], telling: [] };

  const payGroup = async (group: readonly DueWork[]) => {
    for (const [position, work] of group.entries()) {
      let sentAt = 0;
      const passage = await gate.pass(work.grant.promotionId, () => {
        sentAt = clock.monotonic();
        batch.callsAt.push(clock.now());
        return money.grant(grantRequestOf(work.message));
      });
      const postponeRest = (delayOf: (received: ReceivedMessage) => number) => {
        const rest = group.slice(position);
        batch.again.push(...rest.map(({ received }) => ({ received, delaySeconds: delayOf(received) })));
      };
      if (passage.kind === 'later') {
        postponeRest(() => passage.delaySeconds);
        return;
      }
      if (passage.kind === 'undecided') {
        postponeRest(({ receiveCount }) => undecidedDelay(receiveCount));
        return;
      }
      if (passage.kind === 'unpaid') {
        batch.unpaid.push(work);
        continue;
      }
      const outcome = classify(await passage.answer);
      const latencyMs = (clock.monotonic() - sentAt) * 1000;
      const call = {
        work,
        grant: work.grant,
        outcome,
        attemptCount: attemptsWith(work, outcome, passage.probe),
        latencyMs,
      };
      batch.calls.push(call);
      key.isRefused ||= outcome.kind === 'unauthorized';
      const telling = tellBreaker(breaker, outcome, passage.probe);
      // Whether the breaker is still open decides when a probe's message comes again.
      if (passage.probe === undefined) batch.telling.push(telling);
      else await telling;
      if (resultOf(call)?.processStatus === 'RETRYING') {
        // An outage goes on after a probe that failed: no use in coming again at once.
        const delay = breaker.isOpen ? delayForOpenBreaker(breaker.openForSeconds) : RETRY_DELAY_SECONDS;
        postponeRest(() => delay);
        return;
      }
    }
  };
  const groups = Map.groupBy(works, (work) => work.received.groupId);
  await Promise.all([...groups.values()].map(payGroup));
  return batch;
}

/** A probe that fails is the outage's, not its target's: it uses up no attempt. */
function attemptsWith({ state }: DueWork, outcome: GrantOutcome, probe: Probe | undefined): number {
  return probe !== undefined && outcome.kind === 'transient' ? state.attemptCount : state.attemptCount + 1;
}

/** The breaker is told at once, so that it opens on the tenth failure. What it cannot be told now, it hears later. */
async function tellBreaker(
  breaker: MoneyBreaker,
  outcome: GrantOutcome,
  probe: Probe | undefined,
): Promise<void> {
  try {
    if (isFailureOfTheApi(outcome)) await breaker.failed(probe);
    else await breaker.succeeded(probe);
  } catch {
    // The database is away, which the write of the results will say, louder.
  }
}
