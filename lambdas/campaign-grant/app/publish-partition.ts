import type { CampaignRun, Partition, PublishPartitionOutput } from '../../../schema/campaign-run.ts';
import { deduplicationId } from '../domain/idempotency.ts';
import { PublishingPace, staggerOf } from '../domain/publishing-pace.ts';
import type { PublishingLimits } from '../domain/publishing-pace.ts';
import { resolveTarget } from '../domain/target.ts';
import type {
  CampaignStore,
  Clock,
  GrantQueue,
  OutgoingGrant,
  PendingTarget,
  ProgressCounters,
  Promotion,
  PublishLog,
  SendFailure,
  TimeBudget,
} from '../ports.ts';

/** Rows of a page: well under the Data API's 1 MiB answer even with the longest columns. */
const PAGE_SIZE = 1_000;
/** A page with throttled sends and a slow database still ends within this. */
const TIME_FOR_ONE_PAGE_SECONDS = 60;
const THROTTLED_PAUSE_SECONDS = 1;
/** A page that was read ahead and waited for longer is read again: rows may have been changed by then. */
const READ_AHEAD_HOLDS_SECONDS = 10;

interface Services extends PublishingLimits {
  readonly store: CampaignStore;
  readonly queue: GrantQueue;
  readonly counters: ProgressCounters;
  readonly clock: Clock;
  readonly log: PublishLog;
}

/**
 * Sends a message for each PENDING target of the range, page by page, until none is left, the campaign is no
 * longer IN_PROGRESS by this run, or the invocation's time is up.
 *
 * A page is read, sent, then marked. Death in between sends it again: the queue drops the repeat within five
 * minutes, and after that the consumer finds the result and calls nobody.
 */
export async function publishPartition(
  services: Services,
  { run, partition }: { run: CampaignRun; partition: Partition },
  budget: TimeBudget,
): Promise<PublishPartitionOutput> {
  const { store, queue, clock } = services;
  const done = { sentCount: 0, invalidCount: 0 };
  // Its values are frozen by now.
  const promotion = await store.findPromotion(run.promotionId);
  if (promotion === undefined) return { published: true, ...done };
  // Ids start at 1; the range's first id is included.
  let afterTargetId = String(BigInt(partition.fromTargetId) - 1n);
  const { partitionNumber } = partition;
  const pace = new PublishingPace(services, PAGE_SIZE, partitionNumber, clock.monotonic());
  await clock.sleep(staggerOf(partitionNumber));

  const { toTargetId } = partition;
  const readPage = (after: string) =>
    store.pendingTargets(run, { afterTargetId: after, toTargetId, limit: PAGE_SIZE });
  /** Read while the page before it was sent. */
  let ahead: { readonly rows: PendingTarget[]; readonly readAt: number } | undefined;

  while (budget.remainingSeconds() > TIME_FOR_ONE_PAGE_SECONDS) {
    const [isPaying, backlog] = await Promise.all([store.isPaying(run), queue.backlog()]);
    if (!isPaying) return { published: true, ...done };
    const wait = pace.waitFor(backlog, clock.monotonic());
    if (wait > 0) {
      await clock.sleep(wait);
      continue;
    }
    pace.publishes(clock.monotonic());
    if (ahead !== undefined && clock.monotonic() - ahead.readAt > READ_AHEAD_HOLDS_SECONDS) ahead = undefined;
    const rows: readonly PendingTarget[] = ahead?.rows ?? (await readPage(afterTargetId));
    const last = rows.at(-1);
    if (last === undefined) return { published: true, ...done };

    const readAt = clock.monotonic();
    const [page, followers] = await Promise.all([
      publishPage(services, { run, partition, promotion, rows }),
      readPage(last.targetId),
    ]);
    ahead = page.firstUnsentId === undefined ? { rows: followers, readAt } : undefined;
    done.sentCount += page.sentCount;
    done.invalidCount += page.invalidCount;
    // What the queue did not take is still PENDING: the next page begins before it.
    afterTargetId =
      page.firstUnsentId === undefined ? last.targetId : String(BigInt(page.firstUnsentId) - 1n);
    if (page.firstUnsentId !== undefined) await clock.sleep(THROTTLED_PAUSE_SECONDS);
  }
  return { published: false, ...done };
}

async function publishPage(
  { store, queue, counters, clock, log }: Services,
  page: { run: CampaignRun; partition: Partition; promotion: Promotion; rows: readonly PendingTarget[] },
): Promise<{ sentCount: number; invalidCount: number; firstUnsentId: string | undefined }> {
  const { run, promotion } = page;
  const nowMs = clock.now();
  const outgoing: OutgoingGrant[] = [];
  const invalid: { targetId: string; reason: string }[] = [];
  /** Paid after the run that published them had been wound up. */
  const settled: string[] = [];
  const context = { ...promotion, partitionNumber: page.partition.partitionNumber, nowMs };
  for (const row of page.rows) {
    if (row.processStatus === 'SUCCESS') {
      settled.push(row.targetId);
      continue;
    }
    const resolved = resolveTarget(row, context);
    if (!resolved.ok) {
      invalid.push({ targetId: row.targetId, reason: resolved.reason });
      continue;
    }
    outgoing.push({
      targetId: row.targetId,
      groupId: row.customerUid,
      deduplicationId: deduplicationId({ ...run, targetId: row.targetId }, run.runNumber),
      message: resolved.message,
    });
  }

  const failures = new Map((await queue.send(outgoing)).map((failure) => [failure.targetId, failure]));
  invalid.push(...[...failures.values()].filter((failure) => failure.permanent).map(refusedByQueue));
  const sentIds = outgoing.map((grant) => grant.targetId).filter((targetId) => !failures.has(targetId));

  const published = [...sentIds, ...settled];
  const publishedCount = published.length === 0 ? 0 : await store.markPublished(run, published, nowMs);
  const failCount = invalid.length === 0 ? 0 : await store.recordInvalid(run, invalid, nowMs);
  await counters.add(run.summaryId, { publishedCount, failCount });
  const sendFailureCount = outgoing.filter(
    ({ targetId }) => failures.get(targetId)?.permanent === false,
  ).length;
  log.pagePublished({ ...run, sentCount: sentIds.length, invalid, sendFailureCount });
  return {
    sentCount: sentIds.length,
    invalidCount: invalid.length,
    firstUnsentId: outgoing.find((grant) => failures.get(grant.targetId)?.permanent === false)?.targetId,
  };
}

function refusedByQueue(failure: SendFailure): { targetId: string; reason: string } {
  return { targetId: failure.targetId, reason: `QUEUE_REFUSED: ${failure.code}` };
}
