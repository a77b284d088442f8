/**
 * The HTTP app of one function: who may ask, how long it may take, and that whatever goes wrong is answered in one
 * shape. Each pipeline has an app of its own routes; API Gateway joins them to one API.
 */
import { Hono } from 'hono';
import type { Context } from 'hono';
import { requestId } from 'hono/request-id';
import type { RequestIdVariables } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import type { Operation } from '../../../schema/admin-api/operation.ts';
import { isTemporary } from '../data-api.ts';
import type { Authenticate } from './authenticate.ts';
import { HttpProblem, problemResponse } from './problem.ts';
import type { Route } from './serve.ts';

export interface HttpLog {
  answered(figures: {
    readonly requestId: string;
    readonly method: string;
    readonly path: string;
    readonly status: number;
    readonly seconds: number;
    /** Who asked; undefined where nobody had to say. */
    readonly subject: string | undefined;
  }): void;
  /** What the caller is not told. */
  failed(error: unknown, requestId: string): void;
}

export interface HttpAppOptions {
  readonly authenticate: Authenticate;
  readonly log: HttpLog;
  /** Seconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** After so many seconds the caller is told that it is not known what became of it: within API Gateway's 29. */
  readonly deadlineSeconds?: number;
  /** Operations that others serve: their paths are known here, so that a wrong method is told from a wrong path. */
  readonly servedElsewhere?: readonly Operation[];
}

export type HttpApp = Hono<{ Variables: Variables }>;
type HttpContext = Context<{ Variables: Variables }>;

interface Variables extends RequestIdVariables {
  subject: string | undefined;
}

const DEADLINE_SECONDS = 25;

export function httpApp(routes: readonly Route[], options: HttpAppOptions): HttpApp {
  const { authenticate, log, monotonic, deadlineSeconds = DEADLINE_SECONDS, servedElsewhere = [] } = options;
  const known = [...routes.map(({ operation }) => operation), ...servedElsewhere];
  const app: HttpApp = new Hono();

  app.use(requestId());
  app.use(secureHeaders());
  app.use(async (c, next) => {
    const startedAt = monotonic();
    await next();
    c.res.headers.set('cache-control', 'no-store');
    c.res.headers.set('x-request-id', c.get('requestId'));
    log.answered({
      requestId: c.get('requestId'),
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      seconds: monotonic() - startedAt,
      subject: c.get('subject'),
    });
  });

  for (const { operation, answer } of routes) {
    const answerTo = async (c: HttpContext): Promise<Response> => {
      const caller = operation.access === 'open' ? null : await authenticate(c.req.header('authorization'));
      c.set('subject', caller?.subject);
      return answer({
        parameters: c.req.param(),
        query: c.req.query(),
        contentType: c.req.header('content-type'),
        body: await c.req.text(),
        caller,
      });
    };
    app.on(operation.method.toUpperCase(), toHonoPath(operation.path), (c) =>
      within(deadlineSeconds, answerTo(c)),
    );
  }

  app.notFound((c) => respond(c, missing(known, c.req.path)));
  app.onError((error, c) => {
    const problem = toProblem(error);
    if (problem.status >= 500) log.failed(error, c.get('requestId'));
    return respond(c, problem);
  });
  return app;
}

function respond(c: HttpContext, problem: HttpProblem): Response {
  return problemResponse(problem, { instance: c.req.path, requestId: c.get('requestId') });
}

/** OpenAPI's {name} is :name to hono. */
function toHonoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function missing(known: readonly Operation[], path: string): HttpProblem {
  const here = known.filter((operation) => matches(operation.path, path));
  if (here.length === 0) {
    return new HttpProblem('not-found', 'there is nothing at this path: see /api/v1/openapi.json');
  }
  const allow = [...new Set(here.map(({ method }) => method.toUpperCase()))].join(', ');
  return new HttpProblem('method-not-allowed', `this path is asked for by ${allow}`, { headers: { allow } });
}

function matches(template: string, path: string): boolean {
  const parts = template.split('/');
  const asked = path.split('/');
  return (
    parts.length === asked.length && parts.every((part, at) => part.startsWith('{') || part === asked[at])
  );
}

function toProblem(error: Error): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (isTemporary(error)) {
    return new HttpProblem('unavailable', 'what this needs does not answer at the moment: ask again', {
      headers: { 'retry-after': '5' },
      cause: error,
    });
  }
  return new HttpProblem('internal-error', 'something failed here: the log says what, under this requestId', {
    cause: error,
  });
}

/** What takes longer goes on, and may yet happen: every operation may be asked for again. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const detail = 'it was not done in time, and may yet happen: ask again, which does nothing twice';
      reject(new HttpProblem('unavailable', detail, { headers: { 'retry-after': '5' } }));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
