/**
 * One operation of the HTTP API, described once: its route at API Gateway, the checks before its use case, the type of
 * its handler and its part of the OpenAPI document are all made of this.
 */
import * as z from 'zod';
import type { ProblemName } from './problem.ts';

export interface AnswerDescription {
  readonly description: string;
  readonly schema: z.ZodType;
  /** JSON unless it says otherwise; a schema of a string is the text itself. */
  readonly mediaType?: string;
  /** Name → what it says. They are always there. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** By status. */
export type AnswerDescriptions = Readonly<Record<number, AnswerDescription>>;

export interface Operation<
  Parameters = unknown,
  Query = unknown,
  Body = unknown,
  Answers extends AnswerDescriptions = AnswerDescriptions,
> {
  readonly operationId: string;
  readonly method: 'get' | 'post';
  /** With {parameters}, as OpenAPI and API Gateway write them. */
  readonly path: `/${string}`;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** `open`: no token is asked for. */
  readonly access: 'admin' | 'open';
  readonly parameters: z.ZodType<Parameters>;
  readonly query: z.ZodType<Query>;
  /** JSON. A body that is not there is {}. */
  readonly body: z.ZodType<Body>;
  readonly answers: Answers;
  /** Besides those that any operation with its access, query and body can have. */
  readonly problems: readonly ProblemName[];
}

/** Of parameters, a query or a body: there are none, and those that are sent are refused. */
export const nothing = z.strictObject({});

/** Gives the parts their types. */
export function operation<Parameters, Query, Body, const Answers extends AnswerDescriptions>(
  described: Operation<Parameters, Query, Body, Answers>,
): Operation<Parameters, Query, Body, Answers> {
  return described;
}

/** The largest body that is read: a redrive's input is one to Step Functions, which takes 256 KiB. */
export const MAX_BODY_BYTES = 240 * 1024;
