import type { CampaignStore, OperatorStore, RedriveRuns, RedriveSelection } from '../ports.ts';

interface Services {
  readonly store: Pick<CampaignStore, 'findPromotion' | 'latestRun'>;
  readonly operator: Pick<OperatorStore, 'redrivable'>;
  readonly redrives: RedriveRuns;
}

export type RedriveStart =
  | {
      /** `already`: a redrive of the same selection runs. `nothing`: no dead letter is selected, or none any more. */
      readonly kind: 'started' | 'already' | 'nothing';
      readonly executionName: string | null;
      /** What was selected when it was asked for, by cause. */
      readonly causes: readonly { readonly cause: string; readonly count: number }[];
    }
  | { readonly kind: 'unknown' };

/** Has the dead letters of a selection redriven. The same selection asked for twice while one runs is one redrive. */
export async function startRedrive(
  { store, operator, redrives }: Services,
  { promotionId, causes, targetIds }: { readonly promotionId: string } & RedriveSelection,
): Promise<RedriveStart> {
  const promotion = await store.findPromotion(promotionId);
  if (promotion === undefined) return { kind: 'unknown' };
  const selection = { causes: sorted(causes), targetIds: sorted(targetIds) };
  const found = await operator.redrivable(promotion, selection);
  if (found.length === 0) return { kind: 'nothing', executionName: null, causes: found };
  const { runNumber = 0 } = (await store.latestRun(promotionId)) ?? {};
  const { outcome, executionName } = await redrives.start({ promotionId, ...selection }, runNumber);
  return { kind: outcome === 'started' ? 'started' : 'already', executionName, causes: found };
}

/** The same selection is the same, in whatever order it is said. */
function sorted(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined ? undefined : [...new Set(list)].sort();
}
