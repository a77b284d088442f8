import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { MIN_SECRET_BYTES } from '../../../schema/admin-api/token.ts';
import { cached } from '../cached.ts';
import { readSecret } from '../secret.ts';

/** @throws Error of one line when it is shorter than HS256 asks for, or is not there */
export async function readJwtSecret(secretArn: string, client?: SecretsManagerClient): Promise<Uint8Array> {
  const secret = new TextEncoder().encode(await readSecret(secretArn, client));
  if (secret.length >= MIN_SECRET_BYTES) return secret;
  throw new Error(
    `the secret ${secretArn} has ${secret.length} bytes, and HS256 asks for ${MIN_SECRET_BYTES}: put a longer one there`,
  );
}

/** A secret that was replaced is known within so long: from then on the tokens of the old one are refused. */
const KEPT_SECONDS = 60;

export function cachedJwtSecret(
  secretArn: string,
  { monotonic }: { readonly monotonic: () => number },
  client?: SecretsManagerClient,
): () => Promise<Uint8Array> {
  return cached(() => readJwtSecret(secretArn, client), { seconds: KEPT_SECONDS, monotonic });
}
