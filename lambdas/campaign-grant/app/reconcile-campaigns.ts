import { recoveringExecutionName, reservedExecutionName, scheduleName } from '../domain/reservation.ts';
import type { AwaitedPromotion } from '../domain/reservation.ts';
import { toDateTime } from '../../../schema/seoul-time.ts';
import type {
  CampaignGauges,
  CampaignRuns,
  CampaignStore,
  Clock,
  OpenRun,
  ReservationSchedules,
} from '../ports.ts';
import { closeRun } from './close-run.ts';
import { tellAlerts } from './tell-alerts.ts';
import type { AlertServices } from './tell-alerts.ts';
import { reportBreaker } from './report-gauges.ts';
import { windUp } from './wind-up.ts';

/**
 * A stopped campaign is wound up again for so long: a write that was slow, or an environment that was frozen, may have
 * changed its rows since.
 */
const WIND_UP_AGAIN_MS = 5 * 60_000;

interface Services extends AlertServices {
  readonly store: CampaignStore;
  readonly runs: CampaignRuns;
  readonly schedules: ReservationSchedules;
  readonly gauges: CampaignGauges;
  readonly clock: Clock;
}

export interface Reconciled {
  /** Promotions whose execution was started, because they were overdue. */
  readonly started: string[];
  /** Promotions whose execution was lost without a trace: another goes on from the rows. */
  readonly recovered: string[];
  /** Promotions whose execution had ended without closing its run, or whose stop nobody had wound up. */
  readonly closed: string[];
  readonly scheduled: string[];
  readonly unscheduled: string[];
}

/**
 * Makes what runs and what is scheduled equal to what the rows say. Events and schedules are the fast way to the
 * same ends; they are delivered at least once, or at best: this is what they are checked with, every minute.
 */
export async function reconcileCampaigns(services: Services): Promise<Reconciled> {
  const recovered: string[] = [];
  const closed: string[] = [];
  const open = await services.store.openRuns(services.clock.now() - WIND_UP_AGAIN_MS);
  // Winding up takes seconds; a campaign whose execution was stopped still pays until its run is closed.
  const payingFirst = open.toSorted((a, b) => Number(isPaying(b)) - Number(isPaying(a)));
  try {
    for (const run of payingFirst) {
      const did = await reconcileRun(services, run);
      if (did === 'recovered') recovered.push(run.promotionId);
      if (did === 'closed') closed.push(run.promotionId);
    }
  } finally {
    // Whatever fails here is tried again in a minute, and people wait.
    await tellAlerts(services);
  }
  await reportBreaker(services);
  return { recovered, closed, ...(await reconcileReservations(services)) };
}

function isPaying(run: OpenRun): boolean {
  return run.status === 'IN_PROGRESS';
}

async function reconcileRun(services: Services, run: OpenRun): Promise<'recovered' | 'closed' | undefined> {
  const { promotionId, executionId, runNumber } = run;
  if (!isPaying(run)) {
    await windUp(services, run);
    return run.isWoundUp ? undefined : 'closed';
  }
  const execution = await services.runs.describe(executionId);
  switch (execution.status) {
    case 'RUNNING':
      return undefined;
    case 'ABORTED':
    case 'FAILED':
    case 'TIMED_OUT':
      return (await closeRun(services, { executionId, ...execution })) === undefined ? undefined : 'closed';
    case 'SUCCEEDED':
    case 'GONE': {
      const name = recoveringExecutionName(promotionId, runNumber);
      const started = await services.runs.start({ promotionId, recoverFrom: executionId }, name);
      if (started === 'started') return 'recovered';
      if (started === 'already-running') return undefined;
      const cause = 'its execution was lost, and the one that was to go on ended before it began';
      await closeRun(services, { executionId, status: 'FAILED', cause });
      return 'closed';
    }
  }
}

/**
 * One one-time schedule for each READY promotion with a reservation to come, and none else: a moved or withdrawn
 * reservation is followed. What is overdue is started here. A promotion that BeginCampaign refused is not tried
 * again until its reservation is changed or somebody starts it by hand: the name of its execution is taken.
 */
async function reconcileReservations({
  store,
  runs,
  schedules,
  clock,
}: Services): Promise<Pick<Reconciled, 'started' | 'scheduled' | 'unscheduled'>> {
  const now = toDateTime(clock.now());
  const awaited = await store.awaitedPromotions();
  const wanted = new Map<string, AwaitedPromotion & { reservationAt: string }>();
  const started: string[] = [];
  for (const promotion of awaited) {
    const { promotionId, reservationAt } = promotion;
    if (reservationAt !== null && reservationAt > now) {
      wanted.set(scheduleName(promotion, reservationAt), { ...promotion, reservationAt });
    } else if ((await runs.start({ promotionId }, reservedExecutionName(promotion))) === 'started') {
      started.push(promotionId);
    }
  }

  const existing = new Set(await schedules.list());
  const scheduled: string[] = [];
  for (const [name, promotion] of wanted) {
    if (existing.has(name)) continue;
    await schedules.create({
      name,
      at: promotion.reservationAt,
      executionName: reservedExecutionName(promotion),
      input: { promotionId: promotion.promotionId },
    });
    scheduled.push(promotion.promotionId);
  }
  const unscheduled = [...existing].filter((name) => !wanted.has(name));
  for (const name of unscheduled) await schedules.delete(name);
  return { started, scheduled, unscheduled };
}
