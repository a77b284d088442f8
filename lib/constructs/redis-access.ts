import type { z } from 'zod';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { redisEnvironment } from '../../schema/environment.ts';
import type { Binding } from './binding.ts';

type Variable = keyof z.input<typeof redisEnvironment>;
type AuthToken = Binding<'REDIS_AUTH_TOKEN_SECRET_ARN'>;

/** Redis, and the secret that it asks for. Reaching it is a matter of the network: nothing to grant but to check. */
export class RedisAccess implements Binding<Variable> {
  readonly environment: Readonly<Record<Variable, string>>;
  private readonly authToken: AuthToken | undefined;

  /** @param authToken undefined: it asks for none */
  constructor(url: string, authToken: AuthToken | undefined) {
    this.authToken = authToken;
    this.environment = {
      REDIS_URL: url,
      REDIS_AUTH_TOKEN_SECRET_ARN: authToken?.environment.REDIS_AUTH_TOKEN_SECRET_ARN ?? '',
    };
  }

  /** @throws when the function is outside the VPC, where each of its calls would end in a timeout. */
  grantTo(grantee: IFunction): void {
    if (!grantee.isBoundToVpc) throw new Error(`${grantee.node.path} uses Redis: it needs a network`);
    this.authToken?.grantTo(grantee);
  }
}
