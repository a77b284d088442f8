import { grantRequestOf } from '../domain/grant-request.ts';
import { resultOf } from '../domain/grant-result.ts';
import type { GrantCall } from '../domain/grant-result.ts';
import { classify } from '../domain/outcome.ts';
import type { Pacer } from '../domain/pacer.ts';
import type { Clock, GrantState, MoneyApi } from '../ports.ts';
import type { ReceivedMessage, Work } from './read-grant-messages.ts';

/** A message whose grant is due, with what the database knows of it. */
export interface DueWork extends Work {
  readonly state: GrantState;
}

export interface PaidCall extends GrantCall {
  readonly work: DueWork;
}

interface Services {
  readonly money: MoneyApi;
  readonly clock: Clock;
  readonly pacer: Pacer;
}

export interface PaidBatch {
  readonly calls: PaidCall[];
  /** To be delivered again. */
  readonly again: ReceivedMessage[];
  /** Not called any more after our key had been refused. */
  readonly uncalled: DueWork[];
  /** Epoch milliseconds of each call. */
  readonly callsAt: number[];
}

/**
 * The groups (customers) of a batch are paid side by side, each call on the pacer's next slot; within a group one
 * after the other, in order. A group whose message must come again stops there, and its rest comes again too:
 * FIFO would otherwise hand out the later message before the earlier one.
 */
export async function payOnSlots(services: Services, works: readonly DueWork[]): Promise<PaidBatch> {
  const { money, clock } = services;
  const takeSlot = slotTaker(services);
  const calls: PaidCall[] = [];
  const again: ReceivedMessage[] = [];
  const uncalled: DueWork[] = [];
  const callsAt: number[] = [];
  let keyRefused = false;

  const payGroup = async (group: readonly DueWork[]) => {
    for (const [position, work] of group.entries()) {
      await takeSlot();
      if (keyRefused) {
        uncalled.push(...group.slice(position));
        return;
      }
      callsAt.push(clock.now());
      const outcome = classify(await money.grant(grantRequestOf(work.message)));
      const call = { work, grant: work.grant, outcome, attemptCount: work.state.attemptCount + 1 };
      calls.push(call);
      keyRefused ||= outcome.kind === 'unauthorized';
      if (resultOf(call)?.processStatus === 'RETRYING') {
        again.push(...group.slice(position).map((rest) => rest.received));
        return;
      }
    }
  };
  const groups = Map.groupBy(works, (work) => work.received.groupId);
  await Promise.all([...groups.values()].map(payGroup));
  return { calls, again, uncalled, callsAt };
}

/** Slots are handed out in the order in which they were asked for, with one timer at a time. */
function slotTaker({ clock, pacer }: Services): () => Promise<void> {
  let queue = Promise.resolve();
  const waitForSlot = async () => {
    // A timer may fire a fraction of a millisecond early.
    for (
      let wait = pacer.nextCallAt - clock.monotonic();
      wait > 0;
      wait = pacer.nextCallAt - clock.monotonic()
    ) {
      await clock.sleep(wait);
    }
    pacer.takeSlot(clock.monotonic());
  };
  return () => (queue = queue.then(waitForSlot));
}
