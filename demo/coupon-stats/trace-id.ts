import { createHash } from 'node:crypto';

/** Of the message format (docs/coupon-stats.md): a receiver may compute the ids of a member by itself. */
const NAMESPACE = '6f1c2f0a8a0d5d0f9a544a4b1f0c7e21';

/** The name-based UUID (RFC 9562, version 5) of `member/date/hour`. */
export function expectedTraceId(memberId: number, runDate: string, hour: number): string {
  const hash = createHash('sha1')
    .update(NAMESPACE, 'hex')
    .update(`${memberId}/${runDate}/${hour}`)
    .digest('hex');
  const variant = ((parseInt(hash.slice(16, 18), 16) % 64) + 128).toString(16);
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `5${hash.slice(13, 16)}`,
    `${variant}${hash.slice(18, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}
