/** Tokens as jose signs and checks them; who may do what with one is said elsewhere. */
import { SignJWT, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { TOKEN_ALGORITHM } from '../../../schema/admin-api/token.ts';
import type { MemberType } from '../../../schema/admin-api/token.ts';

/** For clocks that are not quite the same. */
const CLOCK_TOLERANCE_SECONDS = 5;

export interface NewToken {
  readonly memberType: MemberType;
  /** Who asks, as the log and a campaign's memo name them. */
  readonly subject: string;
  readonly lifetimeSeconds: number;
  readonly nowMs: number;
}

export function signToken(secret: Uint8Array, token: NewToken): Promise<string> {
  const issuedAt = Math.floor(token.nowMs / 1000);
  return new SignJWT({ memberType: token.memberType })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: 'JWT' })
    .setSubject(token.subject)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + token.lifetimeSeconds)
    .sign(secret);
}

export type Verified =
  { readonly ok: true; readonly claims: JWTPayload } | { readonly ok: false; readonly why: string };

/** Never throws for what a token says. `why` tells nothing of a token that was not signed with the secret. */
export async function verifyToken(secret: Uint8Array, token: string, nowMs: number): Promise<Verified> {
  try {
    const { payload } = await jwtVerify(token, secret, {
      algorithms: [TOKEN_ALGORITHM],
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(nowMs),
    });
    return { ok: true, claims: payload };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { ok: false, why: 'the token has expired' };
    if (error instanceof errors.JWTClaimValidationFailed) {
      return { ok: false, why: `the token is not valid: its claim ${error.claim} is missing or refused` };
    }
    if (error instanceof errors.JOSEError) return { ok: false, why: 'the token is not valid' };
    throw error;
  }
}
