/**
 * JSONPath, payload templates, intrinsics and Choice rules: evaluated by aws-local-stepfunctions, which is given
 * one expression at a time. The steps between the states are ours (interpreter.ts), because the library overwrites
 * `$$.Execution` inside Map and Parallel, has no `$$.State`, runs on after abort() and reports events late.
 */
import { ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { z } from 'zod';
import { StateError } from './errors.ts';
import { isJsonObject } from './json.ts';
import type { Json, JsonObject } from './json.ts';

type LibraryState = StateMachineDefinition['States'][string];
/** asl-validator has checked the rules when the machine was read. */
const libraryRules = z.custom<Extract<LibraryState, { Type: 'Choice' }>['Choices']>();

export type ChoiceRule = JsonObject & { readonly Next: string };

/** The context object `$$`, without what the library adds to it. */
export type ContextObject = JsonObject;

/** The library puts its own input and start time into `$$.Execution` at every run, so ours goes by this name. */
const EXECUTION_ALIAS = 'GrantlineExecution';
const redirect = (expression: string) => expression.replaceAll('$$.Execution', () => `$$.${EXECUTION_ALIAS}`);

/** `$`, `$$` and plain fields below them: nearly all paths there are. */
const PLAIN_PATH = /^\$\$?(\.[A-Za-z_]\w*)*$/;

/**
 * Plain paths are followed here: a library run for each costs 0.1 ms, and it finds nothing at `$` in 0, '', false
 * and null.
 * @param path a path or an intrinsic
 * @throws StateError States.Runtime when the path selects nothing
 */
export async function evaluatePath(path: string, input: Json, context: ContextObject): Promise<Json> {
  if (PLAIN_PATH.test(path)) return plainPath(path, input, context);
  const pass: LibraryState = { Type: 'Pass', Parameters: { 'value.$': redirect(path) }, End: true };
  const found = await runLibrary({ StartAt: 'Evaluate', States: { Evaluate: pass } }, input, context);
  return isJsonObject(found) ? (found['value'] ?? null) : null;
}

function plainPath(path: string, input: Json, context: ContextObject): Json {
  const [root, ...fields] = path.split('.');
  let value: Json = root === '$$' ? context : input;
  for (const field of fields) {
    const inner: Json | undefined =
      isJsonObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
    if (inner === undefined) {
      throw new StateError('States.Runtime', `The JSONPath '${path}' could not be found in the input.`);
    }
    value = inner;
  }
  return value;
}

/** Parameters, ItemSelector, ResultSelector: fields ending in `.$` are paths or intrinsics. */
export async function evaluateTemplate(template: Json, input: Json, context: ContextObject): Promise<Json> {
  if (Array.isArray(template)) {
    return await Promise.all(template.map((inner) => evaluateTemplate(inner, input, context)));
  }
  if (!isJsonObject(template)) return template;
  const fields = Object.entries(template).map(async ([key, value]): Promise<[string, Json]> =>
    key.endsWith('.$') && typeof value === 'string'
      ? [key.slice(0, -2), await evaluatePath(value, input, context)]
      : [key, await evaluateTemplate(value, input, context)],
  );
  return Object.fromEntries(await Promise.all(fields));
}

/** @returns the name of the state to go on with; undefined when no rule holds */
export async function chooseNext(
  rules: readonly ChoiceRule[],
  input: Json,
  context: ContextObject,
): Promise<string | undefined> {
  const choices = libraryRules.parse(
    rules.map((rule, index) => ({ ...libraryRule(rule), Next: `rule ${index}` })),
  );
  const choice: LibraryState = { Type: 'Choice', Choices: choices, Default: 'none' };
  const answers = Object.fromEntries(rules.map((_, index) => [`rule ${index}`, answer(String(index))]));
  const definition = { StartAt: 'choose', States: { choose: choice, none: answer('none'), ...answers } };
  return rules[Number(await runLibrary(definition, input, context))]?.Next;
}

/** The library answers no to every type test that asks for false, so such a test is given as the negation. */
function libraryRule(rule: JsonObject): JsonObject {
  const isTest = Object.keys(rule).find((key) => key.startsWith('Is') && rule[key] === false);
  if (isTest !== undefined) return { Not: libraryRule({ ...rule, [isTest]: true }) };
  return Object.fromEntries(
    Object.entries(rule).map(([key, value]): [string, Json] => {
      if (Array.isArray(value)) {
        return [key, value.map((inner) => (isJsonObject(inner) ? libraryRule(inner) : inner))];
      }
      if (isJsonObject(value)) return [key, libraryRule(value)];
      const isPath = key === 'Variable' || key.endsWith('Path');
      return [key, isPath && typeof value === 'string' ? redirect(value) : value];
    }),
  );
}

function answer(text: string): LibraryState {
  return { Type: 'Pass', Result: text, End: true };
}

async function runLibrary(
  definition: StateMachineDefinition,
  input: Json,
  context: ContextObject,
): Promise<Json> {
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  const { Execution, ...rest } = context;
  try {
    return await machine.run(input, { context: { ...rest, [EXECUTION_ALIAS]: Execution } }).result;
  } catch (error) {
    const cause = error instanceof ExecutionError ? error.cause : error;
    if (!(cause instanceof Error)) throw error;
    throw new StateError(cause.name.startsWith('States.') ? cause.name : 'States.Runtime', cause.message);
  }
}
