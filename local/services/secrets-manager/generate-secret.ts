/** GenerateSecretString of AWS::SecretsManager::Secret. */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { SecretModel } from '../../template/model.ts';

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
const jsonObject = z.record(z.string(), z.unknown());

/** A random password, put into the JSON template where there is one. */
export function generateSecret(how: NonNullable<SecretModel['generate']>): string {
  const alphabet = (ALPHANUMERIC + (how.excludePunctuation ? '' : PUNCTUATION))
    .split('')
    .filter((character) => !how.excludeCharacters.includes(character));
  const password = Array.from(
    { length: how.passwordLength },
    () => alphabet[randomInt(alphabet.length)],
  ).join('');
  if (how.template === undefined || how.generateStringKey === undefined) return password;
  return JSON.stringify({ ...jsonObject.parse(JSON.parse(how.template)), [how.generateStringKey]: password });
}
