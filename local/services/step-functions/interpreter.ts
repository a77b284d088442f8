/** The Amazon States Language, JSONPath: from one state to the next, with the data flow, Retry and Catch of each. */
import { runInlineMap, runParallel } from './branches.ts';
import { isDistributed } from './definition.ts';
import type {
  Catcher,
  ChoiceState,
  FailState,
  PassState,
  State,
  StateGroup,
  WaitState,
} from './definition.ts';
import { runDistributedMap } from './distributed-map.ts';
import { Halt, StateError, asStateError } from './errors.ts';
import { chooseNext, evaluatePath, evaluateTemplate } from './expressions.ts';
import { numberAt } from './items.ts';
import { payloadText } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import { applyResultPath } from './result-path.ts';
import { RetryBudget, matchesError } from './retry.ts';
import type { Scope } from './scope.ts';
import { runTask } from './task.ts';
import { pause } from './timing.ts';

interface Step {
  readonly output: Json;
  /** The state to go on with; undefined at the end. */
  readonly next: string | undefined;
}

/**
 * From the first state on, or from the one at which the place was left.
 * @returns the output of the last state
 * @throws StateError that no state answered; the signal's reason when aborted
 */
export async function runStates(states: StateGroup, input: Json, scope: Scope): Promise<Json> {
  const { place, trail } = scope;
  if (place.at === undefined) place.moveTo(states.StartAt, input);
  for (;;) {
    scope.signal.throwIfAborted();
    const { name, input: data } = place.at ?? { name: states.StartAt, input };
    const state: State | undefined = states.States[name];
    if (state === undefined) throw new StateError('States.Runtime', `There is no state '${name}'.`);
    const inputText = payloadText(data, `The input of the state '${name}'`);
    // A state that is redriven is still entered.
    if (!place.entered) {
      trail.add(`${state.Type}StateEntered`, { stateEnteredEventDetails: { name, input: inputText } });
      place.entered = true;
    }
    const { step, output } = await passThrough(state, name, data, scope);
    trail.add(`${state.Type}StateExited`, { stateExitedEventDetails: { name, output } });
    if (step.next === undefined) {
      place.output = { value: step.output };
      return step.output;
    }
    place.moveTo(step.next, step.output);
  }
}

async function passThrough(
  state: State,
  name: string,
  input: Json,
  scope: Scope,
): Promise<{ readonly step: Step; readonly output: string }> {
  try {
    const step = await attempt(state, name, input, scope);
    scope.signal.throwIfAborted();
    return { step, output: payloadText(step.output, `The output of the state '${name}'`) };
  } catch (error) {
    // Branches that are through are kept for a redrive, unless there was too much of what they came to.
    if (error instanceof StateError && error.error === 'States.DataLimitExceeded') scope.place.forgetParts();
    throw error;
  }
}

/** A state with its retries, until it has a result or a catcher takes the error. */
async function attempt(state: State, name: string, input: Json, scope: Scope): Promise<Step> {
  const budget = new RetryBudget('Retry' in state ? (state.Retry ?? []) : []);
  const entered = new Date().toISOString();
  for (let retries = 0; ; retries++) {
    const about: JsonObject = { Name: name, EnteredTime: entered, RetryCount: retries };
    const inState = { ...scope, context: { ...scope.context, State: about } };
    try {
      return await perform(state, name, input, inState);
    } catch (error) {
      scope.signal.throwIfAborted();
      if (error instanceof Halt) throw error;
      const failure = asStateError(error);
      const delay = budget.next(failure);
      if (delay === undefined) return caught(state, input, failure);
      await pause(delay * 1000, scope.signal);
      scope.place.forgetParts();
    }
  }
}

function caught(state: State, input: Json, failure: StateError): Step {
  const catchers: Catcher[] = 'Catch' in state ? (state.Catch ?? []) : [];
  const catcher = catchers.find(({ ErrorEquals }) => matchesError(ErrorEquals, failure));
  if (catcher === undefined) throw failure;
  const output = { Error: failure.error ?? '', Cause: failure.reason ?? '' };
  return { output: applyResultPath(catcher.ResultPath, input, output), next: catcher.Next };
}

async function perform(state: State, name: string, raw: Json, scope: Scope): Promise<Step> {
  const { context } = scope;
  const input = state.InputPath === null ? {} : await evaluatePath(state.InputPath ?? '$', raw, context);
  switch (state.Type) {
    case 'Choice':
      return { output: await selectOutput(state, input, scope), next: await choose(state, input, scope) };
    case 'Fail':
      return await fail(state, input, scope);
    case 'Wait':
      await pause(await waitMs(state, input, scope), scope.signal);
      return { output: await selectOutput(state, input, scope), next: state.Next };
    case 'Succeed':
      return { output: await selectOutput(state, input, scope), next: undefined };
    case 'Pass':
      return await conclude(state, raw, await passResult(state, input, scope), scope);
    case 'Task':
      return await conclude(
        state,
        raw,
        await runTask(state, name, await templated(state.Parameters, input, scope), scope),
        scope,
      );
    case 'Parallel':
      return await conclude(
        state,
        raw,
        await runParallel(state, await templated(state.Parameters, input, scope), scope),
        scope,
      );
    case 'Map': {
      const run = isDistributed(state) ? runDistributedMap : runInlineMap;
      return await conclude(state, raw, await run(state, name, input, scope), scope);
    }
  }
}

/** From a result to the state's output: ResultSelector, ResultPath, OutputPath. */
async function conclude(
  state: Extract<State, { ResultPath?: unknown }>,
  raw: Json,
  result: Json,
  scope: Scope,
): Promise<Step> {
  const selector = 'ResultSelector' in state ? state.ResultSelector : undefined;
  const selected = await templated(selector, result, scope);
  const output = await selectOutput(state, applyResultPath(state.ResultPath, raw, selected), scope);
  return { output, next: state.Next };
}

async function templated(template: Json | undefined, input: Json, scope: Scope): Promise<Json> {
  return template === undefined ? input : await evaluateTemplate(template, input, scope.context);
}

async function selectOutput(state: State, output: Json, scope: Scope): Promise<Json> {
  return state.OutputPath === null ? {} : await evaluatePath(state.OutputPath ?? '$', output, scope.context);
}

async function passResult(state: PassState, input: Json, scope: Scope): Promise<Json> {
  return state.Result === undefined ? await templated(state.Parameters, input, scope) : state.Result;
}

async function choose(state: ChoiceState, input: Json, scope: Scope): Promise<string> {
  const next = (await chooseNext(state.Choices, input, scope.context)) ?? state.Default;
  if (next === undefined) throw new StateError('States.NoChoiceMatched', 'No choice rule matched.');
  return next;
}

async function fail(state: FailState, input: Json, scope: Scope): Promise<never> {
  throw new StateError(
    await textAt(state.Error, state.ErrorPath, input, scope),
    await textAt(state.Cause, state.CausePath, input, scope),
  );
}

async function waitMs(state: WaitState, input: Json, scope: Scope): Promise<number> {
  const seconds = await numberAt(state.Seconds, state.SecondsPath, input, scope.context);
  if (seconds !== undefined) return seconds * 1000;
  const time = Date.parse((await textAt(state.Timestamp, state.TimestampPath, input, scope)) ?? '');
  if (Number.isNaN(time)) throw new StateError('States.Runtime', 'The Wait state has no valid timestamp.');
  return time - Date.now();
}

/** A text given literally or by a path. */
async function textAt(
  literal: string | undefined,
  path: string | undefined,
  input: Json,
  scope: Scope,
): Promise<string | undefined> {
  if (path === undefined) return literal;
  const value = await evaluatePath(path, input, scope.context);
  if (typeof value !== 'string') throw new StateError('States.Runtime', `${path} must point to a string.`);
  return value;
}
