/** Every answer that is no grant, in the contract's {code, message} shape. */
import type { FastifyReply } from 'fastify';

const refusals = {
  INVALID_REQUEST: { status: 400, message: 'the request does not match the contract' },
  UNAUTHORIZED: { status: 401, message: 'X-API-Key is missing or wrong' },
  CUSTOMER_NOT_FOUND: { status: 404, message: 'no customer has this customerUid' },
  NOT_FOUND: { status: 404, message: 'no such path' },
  IDEMPOTENCY_CONFLICT: { status: 409, message: 'this Idempotency-Key was used with another body' },
  // 409 stays with the idempotency conflict, the only one that the contract words as 409.
  VOUCHER_ALREADY_USED: { status: 422, message: 'this voucherNumber was granted under another key' },
  ACCOUNT_CLOSED: { status: 422, message: 'the account of this customer is closed' },
  RATE_LIMITED: { status: 429, message: 'too many requests in this second; nothing was granted' },
  INTERNAL_ERROR: { status: 500, message: 'unknown outcome; ask again with the same key' },
  UNAVAILABLE: { status: 503, message: 'unknown outcome; ask again with the same key' },
} as const;

export type RefusalCode = keyof typeof refusals;

export function refuse(reply: FastifyReply, code: RefusalCode, detail?: string): FastifyReply {
  const { status, message } = refusals[code];
  return reply.code(status).send({ code, message: detail ?? message });
}

/** Breaks the connection with a TCP reset, so that the client sees ECONNRESET and no answer. */
export function breakConnection(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.socket?.resetAndDestroy();
}
