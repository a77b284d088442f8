/** Task states: a Lambda function, through lambda:invoke or by its ARN. */
import { z } from 'zod';
import type { TaskState } from './definition.ts';
import { StateError, asStateError } from './errors.ts';
import { numberAt } from './items.ts';
import { payloadText, toJson } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { Scope } from './scope.ts';
import { untilAborted, withDeadline } from './timing.ts';

const INVOKE = /^arn:[\w-]+:states:::lambda:invoke$/;
const FUNCTION_ARN = /^arn:[\w-]+:lambda:[^:]+:\d+:function:.+$/;

export function isServedResource(resource: string): boolean {
  return INVOKE.test(resource) || FUNCTION_ARN.test(resource);
}

const invokeParameters = z.looseObject({
  FunctionName: z.string(),
  Payload: z.unknown().optional(),
  InvocationType: z.literal('RequestResponse').optional(),
});

/** One call: the function, its payload, and how the events of this kind of task are called. */
interface Call {
  readonly functionName: string;
  readonly payload: Json;
  readonly result: (answer: Json) => Json;
  readonly event: (
    what: 'Scheduled' | 'Started' | 'Succeeded' | 'Failed' | 'TimedOut',
    details?: JsonObject,
  ) => void;
  readonly scheduled: JsonObject;
}

/** @throws StateError: the function's error, the service's, or States.Timeout */
export async function runTask(task: TaskState, name: string, input: Json, scope: Scope): Promise<Json> {
  const seconds = await numberAt(task.TimeoutSeconds, task.TimeoutSecondsPath, input, scope.context);
  const inputText = payloadText(input, `The input of the state '${name}'`);
  const call = INVOKE.test(task.Resource)
    ? invocation(name, input, inputText, scope)
    : directCall(task.Resource, input, inputText, scope);
  call.event('Scheduled', {
    ...call.scheduled,
    ...(seconds === undefined ? {} : { timeoutInSeconds: seconds }),
  });
  scope.signal.throwIfAborted();
  call.event('Started');
  try {
    const work = withDeadline(scope.host.invokeFunction(call.functionName, call.payload), seconds);
    const result = call.result(toJson(await untilAborted(work, scope.signal)));
    const output = payloadText(result, `The result of the state '${name}'`);
    call.event('Succeeded', { output });
    return result;
  } catch (error) {
    scope.signal.throwIfAborted();
    const failure = functionError(error);
    const timedOut = failure.error === 'States.Timeout';
    call.event(timedOut ? 'TimedOut' : 'Failed', {
      error: failure.error ?? null,
      cause: failure.reason ?? null,
    });
    throw failure;
  }
}

function invocation(name: string, input: Json, inputText: string, { trail, host }: Scope): Call {
  const parameters = invokeParameters.safeParse(input);
  if (!parameters.success) {
    const why = z.prettifyError(parameters.error).replaceAll(/\s*\n\s*/g, ' ');
    throw new StateError(
      'States.Runtime',
      `The Parameters of the state '${name}' are not lambda:invoke's: ${why}`,
    );
  }
  const kind = { resourceType: 'lambda', resource: 'invoke' };
  return {
    functionName: parameters.data.FunctionName,
    payload: parameters.data.Payload === undefined ? {} : toJson(parameters.data.Payload),
    result: (answer) => ({ ExecutedVersion: '$LATEST', Payload: answer, StatusCode: 200 }),
    scheduled: { region: host.region, parameters: inputText },
    event: (what, details) =>
      trail.add(`Task${what}`, { [`task${what}EventDetails`]: { ...kind, ...details } }),
  };
}

function directCall(functionName: string, payload: Json, inputText: string, { trail }: Scope): Call {
  return {
    functionName,
    payload,
    result: (answer) => answer,
    scheduled: { resource: functionName, input: inputText },
    event: (what, details) =>
      trail.add(
        `LambdaFunction${what}`,
        details === undefined ? {} : { [`lambdaFunction${what}EventDetails`]: details },
      ),
  };
}

/** A function's own error arrives as the JSON that Lambda answers with; the service's (Lambda.…) as its message. */
function functionError(error: unknown): StateError {
  if (error instanceof StateError) return error;
  if (!(error instanceof Error)) return asStateError(error);
  if (/^(Lambda|States)\./.test(error.name)) return new StateError(error.name, error.message);
  return new StateError(error.name, JSON.stringify({ errorType: error.name, errorMessage: error.message }));
}
