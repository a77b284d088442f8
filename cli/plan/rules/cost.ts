/** What the calls of a run cost, in USD. */
import type { Prices } from '../prices.ts';
import type { Calls } from './calls.ts';

export interface Cost {
  readonly lambda: number;
  readonly sqs: number;
  readonly dataApi: number;
  readonly stepFunctions: number;
  readonly logs: number;
  /** The most that it can be: at the configured maximum all the time. */
  readonly aurora: number;
  readonly total: number;
}

export function costOf(calls: Calls, prices: Prices): Cost {
  const million = 1_000_000;
  const parts = {
    lambda:
      (calls.lambda.invocations / million) * prices.lambda.perMillionRequests +
      calls.lambda.gigabyteSeconds * prices.lambda.perGigabyteSecond,
    sqs: (calls.sqs.billedRequests / million) * prices.sqs.perMillionRequests,
    dataApi: (calls.dataApi.billedRequests / million) * prices.dataApi.perMillionRequests,
    stepFunctions: (calls.stepFunctions.transitions / 1_000) * prices.stepFunctions.perThousandTransitions,
    logs: calls.logs.gigabytes * prices.logs.perGigabyte,
    aurora: calls.aurora.capacityUnitHours * prices.aurora.perCapacityUnitHour,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}
