import type { CampaignRuns, CampaignStore, Clock } from '../ports.ts';

interface Services {
  readonly store: CampaignStore;
  readonly runs: CampaignRuns;
  readonly clock: Clock;
}

/**
 * Starts the READY promotion whose reservation has come and whose turn it is, one at a time. The execution is
 * named after the reservation: asking every minute starts it once, and a promotion that BeginCampaign refused is
 * not tried again until its reservation is changed or somebody starts it by hand.
 */
export async function reconcileReservations({
  store,
  runs,
  clock,
}: Services): Promise<{ started: string[] }> {
  if (await store.anyInProgress()) return { started: [] };
  // A refused promotion must not stand in the way of those behind it for ever: look past those already asked for.
  for (const due of await store.duePromotions(clock.now(), 100)) {
    const name = `promotion-${due.promotionId}-reserved-${toCompactDateTime(due.reservationAt)}`;
    if ((await runs.start(due.promotionId, name)) === 'started') return { started: [due.promotionId] };
  }
  return { started: [] };
}

function toCompactDateTime(dateTime: string): string {
  return dateTime.replace(/\D/g, '').slice(0, 14);
}
