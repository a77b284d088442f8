import * as z from 'zod';
import { memberType } from '../../../schema/admin-api/token.ts';
import { HttpProblem } from './problem.ts';
import { verifyToken } from './token.ts';

/** Far more than a token of ours has; nothing longer is looked at. */
const MAX_HEADER_CHARACTERS = 4_096;
/** Within what stopped_memo takes beside the reason. */
const MAX_SUBJECT_CHARACTERS = 60;

/** Who asks. */
export interface Caller {
  /** The sub of the token, for logs and memos. */
  readonly subject: string;
}

export type Authenticate = (authorization: string | undefined) => Promise<Caller>;

const claims = z.object({ memberType, sub: z.string().optional().catch(undefined) });

/**
 * Takes the value of an Authorization header for a token of an admin.
 * @param secret read anew from time to time, so that it can be replaced
 * @returns a function that throws HttpProblem: 401 without a valid token, 403 with one of another memberType
 */
export function authenticator({
  secret,
  now,
}: {
  readonly secret: () => Promise<Uint8Array>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}): Authenticate {
  return async (authorization) => {
    const token = tokenOf(authorization);
    const verified = await verifyToken(await secret(), token, now());
    if (!verified.ok) throw unauthorized(verified.why, 'invalid_token');
    const parsed = claims.safeParse(verified.claims);
    if (!parsed.success) {
      throw new HttpProblem(
        'forbidden',
        `the token's memberType must be ${memberType.options.join(' or ')}`,
        { headers: challenge('insufficient_scope') },
      );
    }
    return { subject: printable(parsed.data.sub ?? '') };
  };
}

function tokenOf(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') {
    throw unauthorized('send a token: Authorization: Bearer <token>');
  }
  if (authorization.length > MAX_HEADER_CHARACTERS) {
    throw unauthorized(`the token is longer than ${MAX_HEADER_CHARACTERS} characters`, 'invalid_token');
  }
  const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (token === undefined)
    throw unauthorized('the Authorization header must say: Bearer <token>', 'invalid_token');
  return token;
}

function unauthorized(detail: string, error?: string): HttpProblem {
  return new HttpProblem('unauthorized', detail, { headers: challenge(error) });
}

/** RFC 6750, 3: without a word of an error where no token was sent. */
function challenge(error?: string): Readonly<Record<string, string>> {
  return { 'www-authenticate': `Bearer realm="grantline"${error === undefined ? '' : `, error="${error}"`}` };
}

function printable(subject: string): string {
  const text = subject.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '').trim();
  return text === '' ? 'unnamed' : text.slice(0, MAX_SUBJECT_CHARACTERS).toWellFormed();
}
