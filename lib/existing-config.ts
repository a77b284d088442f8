/** How what is there already is named: as the service that it is of names it. */
import { z } from 'zod';

const PLACE = '[a-z]{2}(-[a-z]+)+-\\d:\\d{12}';

function arn(service: string, resource: string, what: string) {
  return z
    .string()
    .regex(
      new RegExp(`^arn:aws[a-z-]*:${service}:${PLACE}:${resource}$`),
      `must be the ARN of ${what}, arn:aws:${service}:…`,
    );
}

export const clusterArn = arn('rds', 'cluster:[A-Za-z0-9-]+', 'a database cluster');
/** Whole: the Data API takes none without the six characters at its end. */
export const secretArn = arn(
  'secretsmanager',
  'secret:[\\w/+=.@!-]+-[A-Za-z0-9]{6}',
  'a secret with the six characters at its end',
);
/** Not FIFO, which alarms do not publish to. */
export const topicArn = arn('sns', '[\\w-]{1,256}', 'a standard topic');
/** Not an alias, which policies do not know. */
export const keyArn = arn('kms', 'key/[\\w-]+', 'a key');

/** Known by its name alone, in the account and region of the stage. */
export const existingSecret = z.strictObject({
  name: z
    .string()
    .refine((name) => !name.startsWith('arn:'), {
      error:
        'must be a name: of the ARN, what is between `secret:` and the last six characters with their hyphen',
      abort: true,
    })
    .regex(/^[\w/+=.@!-]{1,512}$/, 'must be the name of a secret'),
  /** The customer's key under which it is, if it is: who reads it gets the right to decrypt, and the key's policy has to let the account grant that. */
  kmsKeyArn: keyArn.optional(),
});
export type ExistingSecret = z.output<typeof existingSecret>;
