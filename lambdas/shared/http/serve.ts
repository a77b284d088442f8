/** From the description of an operation and its use case to a route: what is sent is checked before, by zod. */
import * as z from 'zod';
import { MAX_BODY_BYTES } from '../../../schema/admin-api/operation.ts';
import type { AnswerDescriptions, Operation } from '../../../schema/admin-api/operation.ts';
import type { ProblemError } from '../../../schema/admin-api/problem.ts';
import type { Caller } from './authenticate.ts';
import { HttpProblem } from './problem.ts';

const MOST_ERRORS = 20;
const JSON_MEDIA_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

export interface Call<Parameters, Query, Body> {
  readonly parameters: Parameters;
  readonly query: Query;
  readonly body: Body;
  /** null: the operation is open. */
  readonly caller: Caller | null;
}

/** One of the answers that the operation describes. */
export type AnswerOf<Answers extends AnswerDescriptions> = {
  [Status in keyof Answers & number]: {
    readonly status: Status;
    readonly body: z.input<Answers[Status]['schema']>;
  } & (Answers[Status] extends { readonly headers: infer Headers }
    ? { readonly headers: Readonly<Record<keyof Headers, string>> }
    : unknown);
}[keyof Answers & number];

/** As it came over the wire. */
export interface Received {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly contentType: string | undefined;
  readonly body: string;
  readonly caller: Caller | null;
}

export interface Route {
  readonly operation: Operation;
  /** @throws HttpProblem */
  readonly answer: (received: Received) => Promise<Response>;
}

export function serve<Parameters, Query, Body, Answers extends AnswerDescriptions>(
  operation: Operation<Parameters, Query, Body, Answers>,
  work: (call: Call<Parameters, Query, Body>) => Promise<AnswerOf<NoInfer<Answers>>>,
): Route {
  return {
    operation,
    async answer(received) {
      const answer: { status: number; body: unknown; headers?: Readonly<Record<string, string>> } =
        await work({
          parameters: parametersOf(operation.parameters, received),
          query: queryOf(operation.query, received),
          body: bodyOf(operation.body, received),
          caller: received.caller,
        });
      const { mediaType = 'application/json' } = operation.answers[answer.status] ?? {};
      return new Response(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body), {
        status: answer.status,
        headers: { ...answer.headers, 'content-type': mediaType },
      });
    },
  };
}

function parametersOf<Parameters>(schema: z.ZodType<Parameters>, { parameters }: Received): Parameters {
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HttpProblem(
    'not-found',
    `${issue?.path.join('.') ?? 'a parameter'} ${issue?.message ?? 'is wrong'}`,
  );
}

function queryOf<Query>(schema: z.ZodType<Query>, { query }: Received): Query {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw new HttpProblem('malformed-request', 'the query is wrong', {
    errors: errorsOf(parsed.error, (path) => ({ parameter: path.join('.') })),
  });
}

function bodyOf<Body>(schema: z.ZodType<Body>, { body, contentType = '' }: Received): Body {
  if (Buffer.byteLength(body) > MAX_BODY_BYTES) {
    throw new HttpProblem('body-too-large', `the body has more than ${MAX_BODY_BYTES} bytes`);
  }
  if (body !== '' && !JSON_MEDIA_TYPE.test(contentType)) {
    throw new HttpProblem('unsupported-media-type', 'send the body as Content-Type: application/json');
  }
  const parsed = schema.safeParse(body === '' ? {} : parseJson(body));
  if (parsed.success) return parsed.data;
  throw new HttpProblem('invalid-body', 'the body is not what this operation takes', {
    errors: errorsOf(parsed.error, (path) => ({ pointer: `#${path.map(pointerPart).join('')}` })),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's message quotes the body, which is the caller's own.
    throw new HttpProblem('malformed-request', 'the body is not JSON', { cause: error });
  }
}

function errorsOf(
  error: z.ZodError,
  placeOf: (path: readonly PropertyKey[]) => Omit<ProblemError, 'detail'>,
): ProblemError[] {
  return error.issues
    .slice(0, MOST_ERRORS)
    .map(({ path, message }) => ({ ...placeOf(path), detail: message }));
}

/** RFC 6901. */
function pointerPart(part: PropertyKey): string {
  return `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
