import { AWS, ESTIMATES, GRANTLINE } from '../rules/assumptions.ts';
import type { Plan } from '../plan.ts';

/** One object with all figures, and what they stand on. Sums of money of the campaign are strings: exact. */
export function asJson(plan: Plan): string {
  const { stage, promotionType, targets, work, settings, latency, pace, duration } = plan;
  return JSON.stringify({
    stage,
    promotionType,
    targets,
    work,
    settings,
    latency,
    pace,
    duration,
    calls: plan.calls,
    costUsd: plan.cost,
    limits: plan.limits,
    first: plan.first.name,
    prices: plan.prices,
    assumptions: { grantline: GRANTLINE, aws: AWS, estimates: ESTIMATES },
  });
}
