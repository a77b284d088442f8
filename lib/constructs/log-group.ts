import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';

const RETENTION: Readonly<Record<Config['logRetentionDays'], RetentionDays>> = {
  7: RetentionDays.ONE_WEEK,
  14: RetentionDays.TWO_WEEKS,
  30: RetentionDays.ONE_MONTH,
  90: RetentionDays.THREE_MONTHS,
  180: RetentionDays.SIX_MONTHS,
  365: RetentionDays.ONE_YEAR,
  1827: RetentionDays.FIVE_YEARS,
  3653: RetentionDays.TEN_YEARS,
};

/** A log group of our own: one that a service creates by itself is kept for ever. */
export function logGroupFor(scope: Construct, id: string, config: Config, logGroupName: string): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName,
    retention: RETENTION[config.logRetentionDays],
    removalPolicy: removalPolicyOf(config),
  });
}
