import type { CampaignRun } from '../../../schema/campaign-run.ts';
import { isOpen } from '../domain/breaker.ts';
import type { BreakerStore, CampaignGauges, Clock, GrantQueue, Progress } from '../ports.ts';

interface BreakerServices {
  readonly store: Pick<BreakerStore, 'readBreaker'>;
  readonly gauges: CampaignGauges;
}

interface Services extends BreakerServices {
  readonly queue: Pick<GrantQueue, 'backlog'>;
  readonly clock: Clock;
  /** Calls a second that the Money API admits. */
  readonly tps: number;
}

/** So that it is known when no campaign is paid as well. Never rejects. */
export async function reportBreaker({ store, gauges }: BreakerServices): Promise<void> {
  await gauges.report(await breakerGauge(store));
}

/**
 * Tells how far a campaign is, an interval after the other. What cannot be had is left out, and nothing here rejects: the
 * gauges are for watching.
 * @returns to be called each interval with the counters; undefined when Redis does not say. `counted` are the rows, the
 *   last time that they were counted.
 */
export function progressReporter(
  { store, queue, clock, gauges, tps }: Services,
  run: CampaignRun,
): (counters: Progress | undefined, counted: Progress | undefined) => Promise<void> {
  let last: { readonly finalCount: number; readonly at: number } | undefined;
  let lastCounted: Progress | undefined;
  return async (counters, counted) => {
    const progress = counters ?? counted;
    // Rows are counted less often than this is called: the same count again measures nothing.
    const isNew = counters !== undefined || counted !== lastCounted;
    lastCounted = counted;
    const measured =
      isNew && progress !== undefined
        ? { finalCount: progress.successCount + progress.failCount, at: clock.monotonic() }
        : undefined;
    // Counters that were set anew may say less than before.
    const rate =
      measured === undefined || last === undefined || measured.at === last.at
        ? undefined
        : Math.max(0, (measured.finalCount - last.finalCount) / (measured.at - last.at));
    last = measured ?? last;
    const [breaker, backlog] = await Promise.all([
      breakerGauge(store),
      queue.backlog().catch(() => undefined),
    ]);
    await gauges.report({
      ...breaker,
      ...(backlog !== undefined && { CampaignBacklog: backlog }),
      ...(progress && {
        CampaignFinal: progress.successCount + progress.failCount,
        CampaignGranted: progress.successCount,
        CampaignFailed: progress.failCount,
      }),
      ...(rate !== undefined && { CampaignRate: rate }),
      CampaignTargets: run.totalCount,
      MoneyCeiling: tps,
      CountersLost: Number(counters === undefined),
    });
  };
}

async function breakerGauge(store: BreakerServices['store']): Promise<{ readonly BreakerOpen?: number }> {
  try {
    return { BreakerOpen: Number(isOpen(await store.readBreaker())) };
  } catch {
    return {};
  }
}
