/** What every handler does before its use case: log with the request's ids, parse the event. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { INVALID_INPUT } from '../../schema/errors.ts';

export const logger = new Logger();

export interface Invocation<Event> {
  readonly event: Event;
  readonly budget: { remainingSeconds(): number };
}

/**
 * A Lambda handler around `work`.
 * @throws Error with one line that says what is wrong with the event when it is not of the shape.
 */
export function handle<Event, Result>(
  shape: z.ZodType<Event>,
  work: (invocation: Invocation<Event>) => Promise<Result>,
) {
  return middy<unknown, Result>()
    .use(injectLambdaContext(logger))
    .handler((raw: unknown, context: Context) => {
      const parsed = shape.safeParse(raw);
      if (!parsed.success) {
        const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
        throw new InvalidInput(`the input is wrong: ${problems.join('; ')}`);
      }
      const budget = { remainingSeconds: () => context.getRemainingTimeInMillis() / 1000 };
      return work({ event: parsed.data, budget });
    });
}

export class InvalidInput extends Error {
  override readonly name = INVALID_INPUT;
}
