/** A plan for people: aligned, and readable without colour. */
import { grouped } from '../../output/grouped.ts';
import type { Plan } from '../plan.ts';
import { costLines } from './cost-text.ts';
import { limitLines } from './limits-text.ts';
import { runLines } from './run-text.ts';
import { targetLines } from './targets-text.ts';

export function asText(plan: Plan): string {
  return [
    headline(plan),
    '',
    ...(plan.targets === null ? [] : targetLines(plan.targets)),
    ...runLines(plan),
    ...costLines(plan),
    ...limitLines(plan),
  ].join('\n');
}

function headline({ targets, promotionType, work, settings, stage }: Plan): string {
  const what =
    targets === null
      ? `${grouped(work.toPay)} ${promotionType} targets`
      : `promotion ${targets.promotionId}: ${promotionType}, ${targets.status}, ${grouped(targets.total)} targets`;
  return `${what}, ${grouped(settings.tps)} TPS, configuration of ${stage}`;
}
