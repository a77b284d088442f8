import { GRANT_BATCH_SECONDS } from '../../../schema/grant-batch.ts';
import { batchSizeFor } from '../domain/batch-size.ts';
import { undecidedDelay } from '../domain/retry.ts';
import type { GrantQueue, ReceivedMessage, TimeBudget } from '../ports.ts';
import { CallQueue } from './call-queue.ts';
import { payBatch, readBatch } from './pay-batch.ts';
import type { PayServices } from './pay-batch.ts';
import type { Postponed } from './pay-on-slots.ts';

/** With less time than this left, an invocation receives no further batch: one may wait for a slow database. */
const TIME_FOR_ANOTHER_BATCH_SECONDS = 30;
/** What dies with its environment comes again after so long; twice, so that a slow database is no second delivery. */
const HIDDEN_SECONDS = 2 * GRANT_BATCH_SECONDS;
/** So long before its slots would stand empty, the next batch is received and read. */
const AHEAD_SECONDS = 0.3;
/** Batches under way: those that wait for slow answers let the next ones be paid meanwhile. */
const MOST_BATCHES = 8;

type Services = PayServices & { readonly queue: GrantQueue };

/** What the batches of one invocation share. */
interface Lane extends Services {
  readonly calls: CallQueue;
  readonly key: { isRefused: boolean };
  readonly budget: TimeBudget;
  /** The database did not say what to do with a batch: the next would fare no better. */
  databaseFailed: boolean;
}

/**
 * Pays the batch that the event source brought, and then what the queue has more, batch after batch: a lane that waits
 * for one slow answer, or for its next invocation, would leave its slots empty.
 * @returns ids of the first batch's messages that must come again.
 */
export async function grantRewards(
  services: Services,
  batch: readonly ReceivedMessage[],
  budget: TimeBudget,
): Promise<string[]> {
  const { clock, pacer } = services;
  pacer.startInvocation(clock.monotonic());
  const lane: Lane = {
    ...services,
    budget,
    calls: new CallQueue(),
    key: { isRefused: false },
    databaseFailed: false,
  };
  const { settled } = await begin(lane, batch);
  await payFurtherBatches(lane, settled);
  const again = await settled;
  await clock.sleep(Math.max(0, pacer.mayEndAt - clock.monotonic()));
  return again.map(({ received }) => received.messageId);
}

async function payFurtherBatches(lane: Lane, first: Promise<unknown>): Promise<void> {
  const atWork = new Set<Promise<unknown>>();
  const track = (work: Promise<unknown>) => {
    atWork.add(work);
    void work.then(() => atWork.delete(work));
  };
  track(first);
  for (;;) {
    await lane.calls.noLongerThan(Math.floor(AHEAD_SECONDS / lane.pacer.slot));
    if (atWork.size >= MOST_BATCHES) await Promise.race(atWork);
    const batch = mayGoOn(lane) ? await receive(lane) : [];
    if (batch.length === 0) break;
    track((await begin(lane, batch)).settled);
  }
  await Promise.all(atWork);
}

function mayGoOn({ breaker, budget, databaseFailed }: Lane): boolean {
  return !databaseFailed && !breaker.isOpen && budget.remainingSeconds() > TIME_FOR_ANOTHER_BATCH_SECONDS;
}

/** @returns when the batch's first calls are in the queue; `settled` never rejects, and says what comes again. */
async function begin(
  lane: Lane,
  batch: readonly ReceivedMessage[],
): Promise<{ readonly settled: Promise<readonly Postponed[]> }> {
  const budget = batchBudget(lane);
  try {
    const read = await readBatch(lane, batch);
    const paid = payBatch(lane, read, budget).catch((error: unknown) => undecided(lane, batch, error));
    return { settled: paid.then((again) => settle(lane, batch, again)) };
  } catch (error) {
    return { settled: settle(lane, batch, undecided(lane, batch, error)) };
  }
}

/** An invocation lasts for many batches. Each has its own time, over long before the queue gives its messages to others. */
function batchBudget({ budget, clock }: Lane): TimeBudget {
  const until = clock.monotonic() + GRANT_BATCH_SECONDS;
  return { remainingSeconds: () => Math.min(budget.remainingSeconds(), until - clock.monotonic()) };
}

/**
 * The database did not say what is due, or did not take the results. The whole batch comes again: a repeated Money
 * call carries the same key and pays nothing twice.
 */
function undecided(lane: Lane, batch: readonly ReceivedMessage[], error: unknown): Postponed[] {
  lane.databaseFailed = true;
  lane.log.batchUndecided(error, batch.length);
  return batch.map((received) => ({ received, delaySeconds: undecidedDelay(received.receiveCount) }));
}

/** What the queue keeps now comes with the next invocation. */
async function receive({ queue, log, pacer }: Lane): Promise<ReceivedMessage[]> {
  try {
    return await queue.receive(batchSizeFor(pacer.slot), HIDDEN_SECONDS);
  } catch (error) {
    log.queueFailed('receive', error);
    return [];
  }
}

/**
 * What must come again is postponed, all else deleted, at once: a customer's next message waits for it. What the queue
 * does not do comes again when its visibility timeout ends, and is found to be done with.
 */
async function settle(
  { queue, log }: Lane,
  batch: readonly ReceivedMessage[],
  again: readonly Postponed[],
): Promise<readonly Postponed[]> {
  for (const [delaySeconds, group] of Map.groupBy(again, (postponed) => postponed.delaySeconds)) {
    const handles = group.map(({ received }) => received.receiptHandle);
    await queue.postpone(handles, delaySeconds).catch((error: unknown) => log.queueFailed('postpone', error));
  }
  const kept = new Set(again.map(({ received }) => received.receiptHandle));
  const done = batch.map((received) => received.receiptHandle).filter((handle) => !kept.has(handle));
  if (done.length > 0) await queue.delete(done).catch((error: unknown) => log.queueFailed('delete', error));
  return again;
}
