import pRetry, { AbortError } from 'p-retry';
import type * as z from 'zod';
import { SERVICE_REFUSED } from '../../../schema/errors.ts';
import { SERVICE_TIMEOUT_MS } from '../../../schema/services.ts';
import { asError } from '../../shared/as-error.ts';
import type { Answered } from '../ports.ts';

/** Tries that follow the first. */
const RETRIES = 2;
const FIRST_WAIT_MS = 500;

export class ServiceRefused extends Error {
  override readonly name = SERVICE_REFUSED;
}

export interface ServiceAddress {
  readonly baseUrl: string;
  /** Asked for each time: one that was replaced holds soon after. */
  readonly token: () => Promise<string>;
}

/**
 * Asks a service of others. 5xx, 429, a timeout, a broken connection, and an answer that is none of its contract are
 * tried again, three tries in all with growing, jittered pauses; any other 4xx is final.
 * @throws ServiceRefused on 401 and 403
 */
export async function askService<T>(
  { baseUrl, token }: ServiceAddress,
  path: string,
  body: object,
  answer: z.ZodType<T>,
): Promise<Answered<T>> {
  const url = `${baseUrl.replace(/\/$/, '')}${path}`;
  const authorization = `Bearer ${await token()}`;
  const ask = async (): Promise<T> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(SERVICE_TIMEOUT_MS),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw failureOf(response.status, path);
    }
    const parsed = answer.safeParse(await response.json());
    if (!parsed.success) throw new Error('ANSWER_INVALID');
    return parsed.data;
  };
  try {
    const value = await pRetry(ask, {
      retries: RETRIES,
      minTimeout: FIRST_WAIT_MS,
      factor: 2,
      randomize: true,
      shouldRetry: ({ error }) => !(error instanceof ServiceRefused),
    });
    return { ok: true, value };
  } catch (error) {
    if (error instanceof ServiceRefused) throw error;
    return { ok: false, reason: reasonOf(asError(error)) };
  }
}

function failureOf(status: number, path: string): Error {
  if (status === 401 || status === 403) return new ServiceRefused(`${path} refuses our token (${status})`);
  const failure = new Error(`HTTP_${status}`);
  return status === 429 || status >= 500 ? failure : new AbortError(failure);
}

/** At most 40 characters, as the rows keep it. */
function reasonOf(error: Error): string {
  if (/^(HTTP_\d{3}|ANSWER_INVALID)$/.test(error.message)) return error.message;
  if (error.name === 'TimeoutError') return 'TIMEOUT';
  return error instanceof SyntaxError ? 'ANSWER_INVALID' : 'CONNECTION';
}
