/** The figures of a run from its targets, its settings and the Money API's latency: arithmetic alone. */
import type { Prices } from '../prices.ts';
import { callsOf } from './calls.ts';
import type { Calls } from './calls.ts';
import { costOf } from './cost.ts';
import type { Cost } from './cost.ts';
import { durationOf } from './duration.ts';
import type { Duration, Workload } from './duration.ts';
import { limitsOf } from './limits.ts';
import type { Limits } from './limits.ts';
import { paceOf } from './pace.ts';
import type { Latency, Pace, Settings } from './pace.ts';

export interface RunPlan extends Limits {
  readonly work: Workload;
  readonly settings: Settings;
  readonly latency: Latency;
  readonly pace: Pace;
  readonly duration: Duration;
  readonly calls: Calls;
  readonly prices: Prices;
  readonly cost: Cost;
}

export function planRun(work: Workload, settings: Settings, latency: Latency, prices: Prices): RunPlan {
  const pace = paceOf(settings, latency);
  const duration = durationOf(work, pace, settings);
  const calls = callsOf(work, pace, duration, settings);
  return {
    work,
    settings,
    latency,
    pace,
    duration,
    calls,
    prices,
    cost: costOf(calls, prices),
    ...limitsOf(work, pace, calls, settings),
  };
}
