/** RFC 9457: what every error of the HTTP API is answered with. */
import * as z from 'zod';
import { components } from './components.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Each kind of error, once: its type is made of its name. */
export const PROBLEMS = {
  'malformed-request': { status: 400, title: 'The request is malformed' },
  unauthorized: { status: 401, title: 'A valid token is needed' },
  forbidden: { status: 403, title: 'The token does not allow this' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'unknown-campaign': { status: 404, title: 'There is no such campaign' },
  'job-not-deployed': { status: 404, title: 'The job is not deployed here' },
  'method-not-allowed': { status: 405, title: 'This is asked for otherwise' },
  'wrong-state': { status: 409, title: 'The state of the campaign does not allow this' },
  'job-conflict': { status: 409, title: 'The job cannot be started as things are' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is not JSON' },
  'invalid-body': { status: 422, title: 'The body says something that cannot be done' },
  'internal-error': { status: 500, title: 'Something failed' },
  unavailable: { status: 503, title: 'It cannot be done at the moment' },
} as const;

export type ProblemName = keyof typeof PROBLEMS;

export function problemType(name: ProblemName): string {
  return `urn:grantline:problem:${name}`;
}

export const problem = z
  .object({
    type: z.string().describe('Names the kind of error, for programs.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong this time, and how to mend it.'),
    instance: z.string().describe('The path that was asked for.'),
    requestId: z.string().describe('Under which the logs know this request.'),
    errors: z
      .array(
        z.object({
          pointer: z.string().optional().describe('Into the body, a JSON pointer.'),
          parameter: z.string().optional().describe('Of the query.'),
          detail: z.string(),
        }),
      )
      .optional()
      .describe('Each part of the request that is wrong; the first twenty.'),
  })
  .register(components, { id: 'Problem' });
export type Problem = z.infer<typeof problem>;
export type ProblemError = NonNullable<Problem['errors']>[number];
