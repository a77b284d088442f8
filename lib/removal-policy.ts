import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Config } from './config.ts';

/** What happens to data, secrets and logs when their stack goes. */
export function removalPolicyOf({ removable }: Pick<Config, 'removable'>): RemovalPolicy {
  return removable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}
