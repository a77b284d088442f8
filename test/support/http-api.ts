/** The HTTP API as its callers see it, every answer of which is held to the OpenAPI document. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { SignJWT } from 'jose';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import * as z from 'zod';
import { answerTo, httpEvent } from '../../lambdas/shared/http/api-gateway.ts';
import type { HttpAnswer } from '../../lambdas/shared/http/api-gateway.ts';
import type { HttpApp, HttpLog } from '../../lambdas/shared/http/app.ts';
import { openApiDocument } from '../../schema/admin-api/document.ts';
import type { Operation } from '../../schema/admin-api/operation.ts';
import { OPERATIONS } from '../../schema/admin-api/operations.ts';
import { problem } from '../../schema/admin-api/problem.ts';

export const SECRET = new TextEncoder().encode('a secret of the tests, which has 32 bytes and more');
/** 2026-11-21 12:00:00 in Seoul. */
export const NOW_MS = Date.UTC(2026, 10, 21, 3, 0, 0);
export const NOW_SECONDS = NOW_MS / 1000;

/** A token that is taken, unless `claims` or `header` say otherwise; a claim that is undefined is left out. */
export function makeToken(
  claims: { readonly [Claim in keyof JWTPayload]?: unknown } = {},
  { header = {}, secret = SECRET }: { header?: Partial<JWTHeaderParameters>; secret?: Uint8Array } = {},
): Promise<string> {
  const all = { memberType: 'ADMIN', sub: 'kim', exp: NOW_SECONDS + 60, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all)) as JWTPayload)
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(secret);
}

export interface AskOptions {
  /** undefined: none is sent. */
  readonly token?: string | undefined;
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered extends Omit<HttpAnswer, 'body'> {
  readonly text: string;
  /** undefined: not JSON. */
  readonly body: unknown;
}

/** An event of payload format 2.0, as API Gateway hands it to a function. */
export function makeHttpEvent(
  method: string,
  target: string,
  { token, body, headers = {} }: AskOptions = {},
) {
  const [rawPath = '', rawQueryString = ''] = target.split('?', 2);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: {
      host: 'api.example.com',
      'user-agent': 'test',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      domainName: 'api.example.com',
      requestId: 'JKJaXmPLvHcESHA=',
      stage: '$default',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}

/** Asks the app as API Gateway does. @throws Error when the answer is not one that `operations` describe */
export async function ask(
  app: HttpApp,
  method: string,
  target: string,
  options: AskOptions & { readonly operations?: readonly Operation[] } = {},
): Promise<Answered> {
  const answer = await answerTo(app, httpEvent.parse(makeHttpEvent(method, target, options)));
  return checkAnswer(answer, { method, target, operations: options.operations ?? OPERATIONS });
}

/** @throws Error when the answer is not one that the document describes */
export function checkAnswer(
  answer: HttpAnswer,
  asked: { readonly method: string; readonly target: string; readonly operations?: readonly Operation[] },
): Answered {
  const { body: text, ...rest } = answer;
  documentOf(asked.operations ?? OPERATIONS).check(answer, asked);
  const isJson = /json/.test(answer.headers['content-type'] ?? '');
  return { ...rest, text, body: isJson ? JSON.parse(text) : undefined };
}

/** The problem of an answer. @throws Error when it is none */
export function problemOf({ headers, body }: Answered) {
  if (headers['content-type'] !== 'application/problem+json') throw new Error('the answer is no problem');
  return problem.parse(body);
}

const documents = new Map<readonly Operation[], DocumentedAnswers>();

function documentOf(operations: readonly Operation[]): DocumentedAnswers {
  const known = documents.get(operations) ?? new DocumentedAnswers(openApiDocument(operations));
  documents.set(operations, known);
  return known;
}

const describedResponse = z.object({
  headers: z.record(z.string(), z.unknown()).default({}),
  content: z.record(z.string(), z.unknown()),
});
const describedPaths = z.record(
  z.string(),
  z.record(z.string(), z.object({ responses: z.record(z.string(), describedResponse) })),
);

class DocumentedAnswers {
  readonly #paths: z.output<typeof describedPaths>;
  // What OpenAPI has besides JSON Schema is unknown to it; formats come with patterns.
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

  constructor(document: unknown) {
    this.#ajv.addSchema(document as object, 'document');
    this.#paths = describedPaths.parse(z.object({ paths: z.unknown() }).parse(document).paths);
  }

  check(answer: HttpAnswer, { method, target }: { readonly method: string; readonly target: string }): void {
    const mediaType = answer.headers['content-type'] ?? '';
    const path = Object.keys(this.#paths).find((template) => matches(template, target.split('?')[0] ?? ''));
    const operation = this.#paths[path ?? '']?.[method.toLowerCase()];
    if (path === undefined || operation === undefined) {
      // Nothing of the document was asked for: the answer says so.
      if (![404, 405].includes(answer.statusCode)) throw new Error(`${method} ${target} is not described`);
      this.#validate('components/schemas/Problem', answer.body);
      return;
    }
    const response = operation.responses[String(answer.statusCode)];
    if (response?.content[mediaType] === undefined) {
      throw new Error(`${method} ${path} is not described to answer ${answer.statusCode} as ${mediaType}`);
    }
    for (const name of Object.keys(response.headers)) {
      if (answer.headers[name.toLowerCase()] === undefined) throw new Error(`${method} ${path}: no ${name}`);
    }
    const place = ['paths', path, method.toLowerCase(), 'responses', answer.statusCode, 'content', mediaType];
    this.#validate([...place, 'schema'].map(pointerPart).join('/'), answer.body);
  }

  #validate(pointer: string, text: string): void {
    const validate = this.#ajv.compile({ $ref: `document#/${pointer}` });
    const value: unknown = pointer.includes('json') || pointer.endsWith('Problem') ? JSON.parse(text) : text;
    if (!validate(value)) throw new Error(`${pointer}: ${this.#ajv.errorsText(validate.errors)} in ${text}`);
  }
}

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
}

function pointerPart(part: string | number): string {
  return encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
}

export class FakeHttpLog implements HttpLog {
  readonly lines: Parameters<HttpLog['answered']>[0][] = [];
  readonly failures: { error: unknown; requestId: string }[] = [];

  answered(figures: Parameters<HttpLog['answered']>[0]): void {
    this.lines.push(figures);
  }

  failed(error: unknown, requestId: string): void {
    this.failures.push({ error, requestId });
  }
}
