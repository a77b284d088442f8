/** The tokens of the HTTP API: JWTs signed by HS256 with the secret of the stage. */
import * as z from 'zod';

/** The only one that is taken, whatever a token's header says. */
export const TOKEN_ALGORITHM = 'HS256';

/** RFC 7518, 3.2: a key of HS256 is no shorter than its hash. */
export const MIN_SECRET_BYTES = 32;

export const memberType = z.enum(['ADMIN', 'ROLE_ADMIN']);
export type MemberType = z.infer<typeof memberType>;
