import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';
import type { redisEnvironment } from '../../schema/environment.ts';
import { patience } from './patience.ts';
import { readSecret } from './secret.ts';

/** Who goes on without Redis waits no longer for its password than for Redis. */
const REQUEST_MS = 1_000;

/** The password of Redis; undefined where it asks for none. @throws as readSecret */
export async function readRedisAuthToken(
  { REDIS_AUTH_TOKEN_SECRET_ARN: secretArn }: z.output<typeof redisEnvironment>,
  client = new SecretsManagerClient({ requestHandler: patience(REQUEST_MS) }),
): Promise<string | undefined> {
  return secretArn === '' ? undefined : readSecret(secretArn, client);
}
