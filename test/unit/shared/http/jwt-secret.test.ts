import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { cachedJwtSecret, readJwtSecret } from '../../../../lambdas/shared/http/jwt-secret.ts';

const ARN = 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:grantline/dev/JWT_SECRET_KEY-a1b2c3';

/** Its values, one a read. */
function makeSecret(...values: string[]) {
  const client = new SecretsManagerClient({ region: 'ap-northeast-2' });
  mockClient(client)
    .on(GetSecretValueCommand, { SecretId: ARN })
    .callsFake(() => ({ SecretString: values.shift() }));
  return client;
}

it('the secret is its bytes', async () => {
  expect(await readJwtSecret(ARN, makeSecret('가'.repeat(11)))).toEqual(
    new TextEncoder().encode('가'.repeat(11)),
  );
});

it('a secret shorter than 32 bytes is refused, and said how to mend', async () => {
  await expect(readJwtSecret(ARN, makeSecret('x'.repeat(31)))).rejects.toThrow(
    `the secret ${ARN} has 31 bytes, and HS256 asks for 32: put a longer one there`,
  );
});

it('a secret that was replaced is known within a minute', async () => {
  let now = 0;
  const first = 'a'.repeat(32);
  const second = 'b'.repeat(32);
  const secret = cachedJwtSecret(ARN, { monotonic: () => now }, makeSecret(first, second));
  expect(new TextDecoder().decode(await secret())).toBe(first);

  now = 59;
  expect(new TextDecoder().decode(await secret())).toBe(first);
  now = 60;
  expect(new TextDecoder().decode(await secret())).toBe(second);
});
