import type { CouponPushMessage } from '../../../schema/coupon-push-message.ts';
import type { JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import { MOST_DONGS } from '../../../schema/services.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import type { Chunk } from '../../shared/jobs/walk-range.ts';
import { decide, hourOfRun } from '../domain/push.ts';
import type { PendingPush } from '../domain/push.ts';
import { STEPS } from '../domain/steps.ts';
import type {
  Answered,
  Checkpoints,
  Clock,
  CouponTopic,
  IdRange,
  NotificationService,
  PushRun,
  PushStore,
  SettledPush,
  SkipLog,
  StoreService,
  TimeBudget,
} from '../ports.ts';

const CHUNK = 1_000;
/** Messages that are claimed together: who dies leaves no more than these unconfirmed. */
const CLAIM = 100;

interface Services {
  readonly pushes: PushStore;
  readonly storeService: Pick<StoreService, 'storesOfDongs'>;
  readonly notificationService: NotificationService;
  readonly topic: CouponTopic;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly log: SkipLog;
  readonly newToken: () => string;
}

/**
 * Sends the messages of a range of members: each at most once, whoever sends and however often. A message is claimed
 * before it is published; one that is found claimed by somebody who died may have been sent, and is left.
 */
export function sendPushes(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId } = jobRun;
  const { rangeNumber, toId } = range;
  const run = { ...hourOfRun(jobRun), jobRunId };
  const activeEvents = activeEventsOf(services);
  return walkRange(
    services,
    { jobRunId, step: STEPS.sendPushes, rangeNumber },
    async (afterId) => {
      const { position, isLast } = await sendChunk(services, run, { afterId, toId }, activeEvents);
      // By rows: what a worker settled who died after it is not found open again, and counts too.
      const figures = await services.pushes.settledFigures(run, { afterId, toId: position });
      return { position, figures, isLast };
    },
    budget,
  );
}

type ActiveEvents = (dongs: readonly string[]) => Promise<Answered<ReadonlyMap<string, number>>>;

async function sendChunk(
  services: Services,
  run: PushRun,
  range: IdRange,
  activeEvents: ActiveEvents,
): Promise<Omit<Chunk, 'figures'>> {
  const { pushes, log } = services;
  const open = await pushes.open(run, range, CHUNK);
  const isLast = open.length < CHUNK;
  const position = isLast ? range.toId : (open.at(-1)?.memberId ?? range.toId);

  const left = open.filter((push) => push.left).map(({ memberId }) => memberId);
  if (left.length > 0) {
    log.skipped('UNCONFIRMED', left);
    await pushes.leave(run, left);
  }
  const pending = open.filter((push) => !push.left);
  if (pending.length === 0) return { position, isLast };

  const known = await askServices(services, pending, activeEvents);
  if (known.ok) {
    await sendTo(services, run, pending, known.value);
    return { position, isLast };
  }
  const memberIds = pending.map(({ memberId }) => memberId);
  log.skipped(known.reason, memberIds);
  await pushes.settle(
    run,
    memberIds.map((memberId) => settled(memberId, 'SKIPPED', known.reason)),
  );
  return { position, isLast };
}

/** By member, and by district. */
interface Known {
  readonly tokens: ReadonlyMap<string, readonly string[]>;
  readonly events: ReadonlyMap<string, number>;
}

/** All that is to be known of the members of a chunk, or which of the services did not say it, and why. */
async function askServices(
  { notificationService }: Services,
  pending: readonly PendingPush[],
  activeEvents: ActiveEvents,
): Promise<Answered<Known>> {
  const tokens = await notificationService.tokensOfMembers(pending.map(({ memberId }) => memberId));
  if (!tokens.ok) return { ok: false, reason: `TOKENS_${tokens.reason}` };
  const events = await activeEvents([...new Set(pending.map(({ dong }) => dong))]);
  if (!events.ok) return { ok: false, reason: `STORES_${events.reason}` };
  return { ok: true, value: { tokens: tokens.value, events: events.value } };
}

async function sendTo(
  services: Services,
  run: PushRun,
  pending: readonly PendingPush[],
  known: Known,
): Promise<void> {
  const none: SettledPush[] = [];
  const messages = new Map<string, CouponPushMessage>();
  for (const push of pending) {
    const decision = decide(push, run, {
      tokens: known.tokens.get(push.memberId) ?? [],
      activeEvents: known.events.get(push.dong) ?? 0,
    });
    if (decision.kind === 'send') messages.set(push.memberId, decision.message);
    else none.push(settled(push.memberId, decision.status));
  }
  await services.pushes.settle(run, none);
  const memberIds = [...messages.keys()];
  for (let start = 0; start < memberIds.length; start += CLAIM) {
    await publish(services, run, memberIds.slice(start, start + CLAIM), messages);
  }
}

async function publish(
  { pushes, topic, log, newToken }: Services,
  run: PushRun,
  memberIds: readonly string[],
  messages: ReadonlyMap<string, CouponPushMessage>,
): Promise<void> {
  const token = newToken();
  const claimed = await pushes.claim(run, memberIds, token);
  const outgoing = claimed.flatMap((memberId) => {
    const message = messages.get(memberId);
    return message === undefined ? [] : [{ memberId, message }];
  });
  const became = await topic.publish(outgoing.map(({ message }) => message));
  const results = outgoing.map(({ memberId }, index): SettledPush => {
    const published = became[index] ?? 'unknown';
    if (published === 'sent') return settled(memberId, 'SENT');
    return published === 'refused'
      ? settled(memberId, 'SKIPPED', 'TOPIC_REFUSED')
      : settled(memberId, 'UNCONFIRMED');
  });
  await pushes.settle(run, results, token);
  const of = (status: SettledPush['status']) =>
    results.filter((result) => result.status === status).map(({ memberId }) => memberId);
  const [skipped, unconfirmed] = [of('SKIPPED'), of('UNCONFIRMED')];
  if (skipped.length > 0) log.skipped('TOPIC_REFUSED', skipped);
  if (unconfirmed.length > 0) log.skipped('UNCONFIRMED', unconfirmed);
}

/** Each district is asked for once an invocation: what is on is of the hour. */
function activeEventsOf({ storeService, pushes, clock }: Services): ActiveEvents {
  const known = new Map<string, number>();
  return async (dongs) => {
    const unknown = dongs.filter((dong) => !known.has(dong));
    for (let start = 0; start < unknown.length; start += MOST_DONGS) {
      const asked = unknown.slice(start, start + MOST_DONGS);
      const stores = await storeService.storesOfDongs(asked);
      if (!stores.ok) return stores;
      const events = await pushes.activeEvents(stores.value, clock.now());
      for (const dong of asked) known.set(dong, events.get(dong) ?? 0);
    }
    return { ok: true, value: known };
  };
}

function settled(memberId: string, status: SettledPush['status'], reason: string | null = null): SettledPush {
  return { memberId, status, reason };
}
