import type { CampaignRunInput, WaitForTurnOutput } from '../../../schema/campaign-run.ts';
import type { CampaignStore, Clock, TimeBudget } from '../ports.ts';
import { startableFrom } from './begin-campaign.ts';

const LOOK_AGAIN_SECONDS = 5;
const TIME_FOR_ONE_LOOK_SECONDS = 60;

interface Services {
  readonly store: Pick<CampaignStore, 'askForTurn' | 'promotionStatus'>;
  readonly clock: Clock;
}

/**
 * Waits until no other campaign is being paid and none that waits comes before this one. Whether the campaign can
 * begin at all is BeginCampaign's to say: one that cannot is let through, to be refused with the reason.
 *
 * It loops here and not in the state machine, whose execution has 25,000 events: a turn may take days to come.
 */
export async function waitForTurn(
  { store, clock }: Services,
  { executionId, input }: { executionId: string; input: CampaignRunInput },
  budget: TimeBudget,
): Promise<WaitForTurnOutput> {
  const { promotionId } = input;
  const from = startableFrom(input);
  do {
    // One that is IN_PROGRESS has its turn: a recovery goes on at once, everybody else waits for it.
    const status = await store.promotionStatus(promotionId);
    if (status === undefined || !from.includes(status)) return { turn: true };
    if (await store.askForTurn({ promotionId, executionId, nowMs: clock.now() })) return { turn: true };
    await clock.sleep(LOOK_AGAIN_SECONDS);
  } while (budget.remainingSeconds() > TIME_FOR_ONE_LOOK_SECONDS);
  return { turn: false };
}
