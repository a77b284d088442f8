import { Agent, errors } from 'undici';
import type { MoneyAnswer } from '../domain/outcome.ts';
import type { MoneyApi } from '../ports.ts';

/** The client's requirement 001: an answer that takes longer is a transient failure. */
const TIMEOUT_MS = 3_000;
/** The contract's answers are a few hundred bytes; more than this is not read. */
const MAX_BODY_BYTES = 64 * 1024;
const PATHS = { VOUCHER: '/v1/grants/vouchers', POINT: '/v1/grants/points' } as const;

export function httpMoneyApi(baseUrl: string, apiKey: string): MoneyApi {
  const agent = new Agent({
    connect: { timeout: TIMEOUT_MS },
    maxResponseSize: MAX_BODY_BYTES,
    // Past the ten calls of a batch there is nothing to keep open.
    connections: 16,
    keepAliveTimeout: 30_000,
  });
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/$/, '');

  return {
    async grant({ promotionType, idempotencyKey, body }): Promise<MoneyAnswer> {
      try {
        const response = await agent.request({
          origin,
          path: basePath + PATHS[promotionType],
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'x-api-key': apiKey,
            'idempotency-key': idempotencyKey,
          },
          body: JSON.stringify(body),
          // One deadline for the whole call: connecting, headers and body together.
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        return { kind: 'answered', status: response.statusCode, body: await response.body.text() };
      } catch (error) {
        return { kind: 'unanswered', ...unanswered(error) };
      }
    },
  };
}

function unanswered(error: unknown): { cause: 'TIMEOUT' | 'CONNECTION'; detail: string } {
  const timedOut =
    error instanceof errors.ConnectTimeoutError || (error instanceof Error && error.name === 'TimeoutError');
  if (timedOut) return { cause: 'TIMEOUT', detail: `no answer within ${TIMEOUT_MS} ms` };
  return { cause: 'CONNECTION', detail: error instanceof Error ? error.message : String(error) };
}
