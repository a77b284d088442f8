/** An HTTP app behind API Gateway: events and answers of payload format 2.0. */
import * as z from 'zod';
import { handle } from '../handler.ts';
import type { HttpApp } from './app.ts';
import { HttpProblem, problemResponse } from './problem.ts';

/** The part of an event that is used. */
export const httpEvent = z.object({
  version: z.literal('2.0'),
  rawPath: z.string().startsWith('/'),
  rawQueryString: z.string().default(''),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
  requestContext: z.object({ requestId: z.string(), http: z.object({ method: z.string() }) }),
});
export type HttpEvent = z.output<typeof httpEvent>;

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** All that an app reads: nothing else of a request reaches it. */
const HEADERS = ['authorization', 'content-type'];

export function httpHandler(app: HttpApp) {
  return handle(httpEvent, ({ event }) => answerTo(app, event));
}

export async function answerTo(app: HttpApp, event: HttpEvent): Promise<HttpAnswer> {
  const request = toRequest(event);
  const response =
    request === undefined
      ? problemResponse(new HttpProblem('malformed-request', 'this is no request'), {
          instance: event.rawPath,
          requestId: event.requestContext.requestId,
        })
      : await app.fetch(request);
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
    isBase64Encoded: false,
  };
}

/** undefined: of a method that fetch's own classes do not take. */
function toRequest({ rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext }: HttpEvent) {
  const { requestId, http } = requestContext;
  const read = new Headers({ 'x-request-id': requestId });
  for (const name of HEADERS) read.set(name, printable(headers[name] ?? ''));
  // The setters escape what a path or a query cannot hold: API Gateway has unescaped the path.
  const url = new URL('https://api');
  url.pathname = rawPath;
  url.search = rawQueryString;
  const hasBody = body !== undefined && body !== '' && http.method !== 'GET' && http.method !== 'HEAD';
  try {
    return new Request(url, {
      method: http.method,
      headers: read,
      ...(hasBody ? { body: isBase64Encoded ? Buffer.from(body, 'base64') : body } : {}),
    });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Nothing else is in a token or a media type, and fetch's headers take no more than bytes. */
function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '?');
}
