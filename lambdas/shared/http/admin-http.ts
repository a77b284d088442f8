import { systemClock as clock } from '../clock.ts';
import type { HttpAppOptions } from './app.ts';
import { authenticator } from './authenticate.ts';
import { cachedJwtSecret } from './jwt-secret.ts';
import { httpLog } from './log.ts';

/** What an app has whose routes are for admins. */
export function adminHttp({
  JWT_SECRET_ARN: secretArn,
}: {
  readonly JWT_SECRET_ARN: string;
}): HttpAppOptions {
  return {
    authenticate: authenticator({ secret: cachedJwtSecret(secretArn, clock), now: () => clock.now() }),
    log: httpLog,
    monotonic: () => clock.monotonic(),
  };
}
