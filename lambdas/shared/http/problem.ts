import { PROBLEM_MEDIA_TYPE, PROBLEMS, problemType } from '../../../schema/admin-api/problem.ts';
import type { Problem, ProblemError, ProblemName } from '../../../schema/admin-api/problem.ts';

export interface ProblemDetails {
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: readonly ProblemError[];
  readonly cause?: unknown;
}

/** Thrown anywhere below a route, it is the answer. Its message is shown to the caller, its cause is not. */
export class HttpProblem extends Error {
  readonly problem: ProblemName;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly ProblemError[] | undefined;

  constructor(problem: ProblemName, detail: string, { headers = {}, errors, cause }: ProblemDetails = {}) {
    super(detail, { cause });
    this.problem = problem;
    this.headers = headers;
    this.errors = errors;
  }

  get status(): number {
    return PROBLEMS[this.problem].status;
  }
}

export function problemResponse(
  { problem, status, message, headers, errors }: HttpProblem,
  { instance, requestId }: { readonly instance: string; readonly requestId: string },
): Response {
  const body: Problem = {
    type: problemType(problem),
    title: PROBLEMS[problem].title,
    status,
    detail: message,
    instance,
    requestId,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...headers, 'content-type': PROBLEM_MEDIA_TYPE },
  });
}
