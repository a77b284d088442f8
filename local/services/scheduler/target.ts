/** What a schedule starts: a function, a state machine, or (as a universal target) an execution by its API's request. */
import { z } from 'zod';
import { ALLOW_ALL } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import type { ScheduleTarget } from './schedule.ts';

/** A target that EventBridge Scheduler, or this stand-in, does not take; the message says what is known. */
export class InvalidTarget extends Error {
  override readonly name = 'ValidationException';
}

export interface ExecutionRequest {
  readonly stateMachineArn: string;
  readonly name: string | undefined;
  /** JSON text. */
  readonly input: string | undefined;
}

export interface TargetStarters {
  /** A schedule starts its target by its role. */
  readonly authorizer?: Pick<Authorizer, 'role'>;
  /** Resolves when the invocation was accepted: the real one invokes asynchronously. */
  readonly invokeFunction: (functionArn: string, payload: unknown) => Promise<unknown>;
  /**
   * Resolves when the execution has started.
   * Rejects with an Error whose name is Step Functions' code for the refusal.
   */
  readonly startExecution: (request: ExecutionRequest) => Promise<unknown>;
}

const START_EXECUTION = /^arn:[\w-]+:scheduler:::aws-sdk:sfn:startExecution$/;
const KNOWN = 'Lambda functions, state machines and arn:aws:scheduler:::aws-sdk:sfn:startExecution';

// Universal targets take the API's own names with a capital first letter.
const startExecution = z.strictObject({
  StateMachineArn: z.string(),
  Name: z.string().optional(),
  Input: z.string().optional(),
  TraceHeader: z.string().optional(),
});

/** @throws InvalidTarget before a schedule is kept that could never start anything */
export function checkTarget({ arn, input }: Pick<ScheduleTarget, 'arn' | 'input'>): void {
  const kind = kindOf(arn);
  // What stands for an attribute of the invocation may stand for a number.
  if (kind === 'universal') readStartExecution((input ?? '').replaceAll(/<aws\.scheduler\.[a-z-]+>/g, '0'));
}

/** Starts the target with its input, whose attributes are filled in by now. */
export async function startTarget(
  starters: TargetStarters,
  { arn, roleArn }: Pick<ScheduleTarget, 'arn' | 'roleArn'>,
  input: string,
): Promise<void> {
  const { authorizer = ALLOW_ALL } = starters;
  const mayStart = (resource: string) =>
    authorizer.role(roleArn, { action: 'states:StartExecution', resource });
  switch (kindOf(arn)) {
    case 'function':
      authorizer.role(roleArn, { action: 'lambda:InvokeFunction', resource: arn });
      await starters.invokeFunction(arn, JSON.parse(input));
      return;
    case 'stateMachine':
      mayStart(arn);
      await starters.startExecution({ stateMachineArn: arn, name: undefined, input });
      return;
    case 'universal': {
      const request = readStartExecution(input);
      mayStart(request.StateMachineArn);
      await starters
        .startExecution({
          stateMachineArn: request.StateMachineArn,
          name: request.Name,
          input: request.Input,
        })
        .catch(deliveredBefore);
    }
  }
}

/** Whoever gave the execution a name wants it once: that it is there already is what was asked for. */
function deliveredBefore(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ExecutionAlreadyExists') throw error;
}

function kindOf(arn: string): 'function' | 'stateMachine' | 'universal' {
  if (/^arn:[\w-]+:lambda:/.test(arn)) return 'function';
  if (/^arn:[\w-]+:states:.*:stateMachine:/.test(arn)) return 'stateMachine';
  if (START_EXECUTION.test(arn)) return 'universal';
  throw new InvalidTarget(`the local scheduler does not know the target ${arn}: it knows ${KNOWN}`);
}

function readStartExecution(input: string): z.infer<typeof startExecution> {
  const request = startExecution.safeParse(parsedJson(input));
  if (request.success) return request.data;
  const why = z.prettifyError(request.error).replaceAll(/\s*\n\s*/g, ' ');
  throw new InvalidTarget(`the Input of sfn:startExecution is not that of StartExecution: ${why}`);
}

/** Undefined, which no request is, for what is not JSON. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
