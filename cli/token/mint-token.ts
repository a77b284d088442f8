import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readJwtSecret } from '../../lambdas/shared/http/jwt-secret.ts';
import { signToken } from '../../lambdas/shared/http/token.ts';
import type { NewToken } from '../../lambdas/shared/http/token.ts';
import type { Deployment } from '../where/deployment.ts';

/** A token that the HTTP API of the deployment takes. @throws Error of one line when its secret cannot be read */
export async function mintToken(
  deployment: Pick<Deployment, 'output' | 'clientSettings'>,
  token: NewToken,
): Promise<string> {
  const secretArn = await deployment.output('AdminApi', 'JwtSecretArn');
  const client = new SecretsManagerClient(deployment.clientSettings('secretsManager'));
  try {
    return await signToken(await readJwtSecret(secretArn, client), token);
  } finally {
    client.destroy();
  }
}
