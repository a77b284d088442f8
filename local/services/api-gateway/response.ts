/** A function's answer as an HTTP response: payload format 2.0, and what API Gateway makes of a plain value. */
import { z } from 'zod';

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

const formatted = z.object({
  statusCode: z.int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).nullish(),
  cookies: z.array(z.string()).nullish(),
  // An object here is the mistake that API Gateway refuses most often.
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Node's server sets them itself. */
const ITS_OWN = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']);

/**
 * @param payload the function's answer, JSON text
 * @returns a string when API Gateway would refuse the answer: why
 */
export function responseOf(payload: string): ApiResponse | string {
  const value: unknown = JSON.parse(payload);
  if (!hasStatusCode(value)) {
    // Only a text loses its quotes; everything else goes out as it came.
    const body = typeof value === 'string' ? value : payload;
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const parsed = formatted.safeParse(value);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll('\n', ' ');
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const named = Object.entries(headers ?? {}).map(([name, text]) => [name.toLowerCase(), text] as const);
  return {
    status: statusCode,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...Object.fromEntries(named.filter(([name]) => !ITS_OWN.has(name))),
      ...(cookies && cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

function hasStatusCode(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}
