/**
 * The event of an HTTP API's request to a function: payload format 2.0. Where the developer guide is silent, it is as
 * captures of the real one show it: the path is decoded, and a form is no text.
 */
import { randomBytes } from 'node:crypto';

export interface ApiRequest {
  readonly method: string;
  /** As sent: encoded, with the query. */
  readonly url: string;
  /** Names and values in turn, as node:http gives them. */
  readonly rawHeaders: readonly string[];
  readonly httpVersion: string;
  readonly sourceIp: string;
  readonly port: number;
  /** Empty when there is none. */
  readonly body: Buffer;
  readonly receivedAt: Date;
  readonly requestId: string;
}

export interface RouteTaken {
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly apiId: string;
  readonly accountId: string;
}

/** @throws URIError when the path is not well encoded */
export function pathOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  return decodeURIComponent(path);
}

export function proxyEvent(request: ApiRequest, taken: RouteTaken): object {
  const { method, url, body, receivedAt, requestId, sourceIp } = request;
  const { routeKey, pathParameters, apiId, accountId } = taken;
  const { headers, cookies } = headersOf(request);
  const path = pathOf(url);
  const rawQueryString = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  const queryStringParameters = joined(new URLSearchParams(rawQueryString));
  const domainName = (headers['host'] ?? '').replace(/:\d+$/, '');
  const isText = isTextType(headers['content-type']);
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...present('queryStringParameters', queryStringParameters),
    requestContext: {
      accountId,
      apiId,
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: {
        method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: logTime(receivedAt),
      timeEpoch: receivedAt.getTime(),
    },
    ...present('pathParameters', pathParameters),
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Those of the connection between client and API Gateway, which go no further. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

function headersOf({ rawHeaders, body, sourceIp, port, receivedAt }: ApiRequest) {
  const given = new Map<string, string>();
  const cookies: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const before = given.get(name);
    if (name === 'cookie') cookies.push(...value.split(';').map((cookie) => cookie.trim()));
    else if (!HOP_BY_HOP.has(name)) given.set(name, before === undefined ? value : `${before},${value}`);
  }
  const forwarded = given.get('x-forwarded-for');
  const traceTime = Math.floor(receivedAt.getTime() / 1000).toString(16);
  const headers: Partial<Record<string, string>> = {
    'x-amzn-trace-id': `Root=1-${traceTime}-${randomBytes(12).toString('hex')}`,
    ...Object.fromEntries(given),
    'content-length': String(body.length),
    'x-forwarded-for': forwarded === undefined ? sourceIp : `${forwarded}, ${sourceIp}`,
    'x-forwarded-port': String(port),
    'x-forwarded-proto': 'http',
  };
  return { headers, cookies };
}

/** Everything else comes in base64, a form and a body without a type too. */
function isTextType(contentType: string | undefined): boolean {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  return isUtf8 && /^(text\/.+|application\/(json|xml|javascript))$/.test(type.trim());
}

function joined(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]));
}

function present(name: string, values: Readonly<Record<string, string>>): object {
  return Object.keys(values).length === 0 ? {} : { [name]: values };
}

/** As web servers' logs say a time: 12/Mar/2020:19:03:58 +0000. */
function logTime(time: Date): string {
  const [, day = '', month = '', year = '', clock = ''] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/.exec(time.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${clock} +0000`;
}
