import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { METRIC_NAMESPACE } from '../../schema/metrics.ts';
import type { Config } from '../config.ts';
import type { Binding } from './binding.ts';

/** For who tells how things stand now. PutMetricData is for every namespace, or for the one of a condition. */
export function gaugesAccess({ stage }: Config): Binding<'STAGE'> {
  return {
    environment: { STAGE: stage },
    grantTo: (grantee) =>
      grantee.addToRolePolicy(
        new PolicyStatement({
          actions: ['cloudwatch:PutMetricData'],
          resources: ['*'],
          conditions: { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } },
        }),
      ),
  };
}
