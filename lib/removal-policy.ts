import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Config } from './config.ts';

/**
 * What happens to data, secrets and logs when their stack goes. What a deployment made that failed goes in any case: their
 * names are fixed, and the next one would find them taken.
 */
export function removalPolicyOf({ removable }: Pick<Config, 'removable'>): RemovalPolicy {
  return removable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;
}
