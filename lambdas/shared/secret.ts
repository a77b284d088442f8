import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

const answer = z.object({ SecretString: z.string().min(1) });

/** @throws Error naming the secret when it has no string value. */
export async function readSecret(secretArn: string, client = new SecretsManagerClient({})): Promise<string> {
  const parsed = answer.safeParse(await client.send(new GetSecretValueCommand({ SecretId: secretArn })));
  if (!parsed.success) throw new Error(`the secret ${secretArn} has no string value: put the key there`);
  return parsed.data.SecretString;
}
