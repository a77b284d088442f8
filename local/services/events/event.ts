/** Events as EventBridge hands them to targets. */
import { randomUUID } from 'node:crypto';
import type { StatusChange } from '../step-functions/status-change.ts';

export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** To the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: object;
}

/** What Step Functions sends at the start and at the end of every Standard execution. */
export function statusChangeEvent(
  change: StatusChange,
  place: { readonly region: string; readonly account: string },
): BusEvent {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account: place.account,
    time: new Date(change.stopDate ?? change.startDate).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: place.region,
    resources: [change.executionArn],
    detail: change,
  };
}
