import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Binding } from './binding.ts';

/** Redis. Reaching it is a matter of the network, so there is nothing to grant but to check. */
export class RedisAccess implements Binding<'REDIS_URL'> {
  readonly environment: { readonly REDIS_URL: string };

  constructor(url: string) {
    this.environment = { REDIS_URL: url };
  }

  /** @throws when the function is outside the VPC, where each of its calls would end in a timeout. */
  grantTo(grantee: IFunction): void {
    if (!grantee.isBoundToVpc) throw new Error(`${grantee.node.path} uses Redis: it needs a network`);
  }
}
