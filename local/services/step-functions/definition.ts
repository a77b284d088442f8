/** A state machine's definition: read, checked, and refused in one line where nothing here could run it. */
import { StateMachine } from 'aws-local-stepfunctions';
import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { z } from 'zod';
import type { ChoiceRule } from './expressions.ts';
import { parsedJson } from './json.ts';
import type { Json } from './json.ts';

export interface StateGroup {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export interface Definition extends StateGroup {
  readonly TimeoutSeconds?: number | undefined;
}

const path = z.string().nullable().optional();
const count = z.number().optional();
const template = parsedJson.optional();
const catcher = z.object({ ErrorEquals: z.array(z.string()), Next: z.string(), ResultPath: path });
const retrier = z.object({
  ErrorEquals: z.array(z.string()),
  IntervalSeconds: count,
  MaxAttempts: count,
  BackoffRate: count,
  MaxDelaySeconds: count,
  JitterStrategy: z.enum(['NONE', 'FULL']).optional(),
});

const base = {
  InputPath: path,
  OutputPath: path,
  Next: z.string().optional(),
  Assign: z.unknown().optional(),
};
const recovery = {
  ResultSelector: template,
  ResultPath: path,
  Retry: z.array(retrier).optional(),
  Catch: z.array(catcher).optional(),
};

const taskState = z.object({
  ...base,
  ...recovery,
  Type: z.literal('Task'),
  Resource: z.string(),
  Parameters: template,
  TimeoutSeconds: count,
  TimeoutSecondsPath: z.string().optional(),
});
const passState = z.object({
  ...base,
  Type: z.literal('Pass'),
  Parameters: template,
  Result: template,
  ResultPath: path,
});
const waitState = z.object({
  ...base,
  Type: z.literal('Wait'),
  Seconds: count,
  SecondsPath: z.string().optional(),
  Timestamp: z.string().optional(),
  TimestampPath: z.string().optional(),
});
const choiceState = z.object({
  ...base,
  Type: z.literal('Choice'),
  Choices: z.array(z.custom<ChoiceRule>()),
  Default: z.string().optional(),
});
const succeedState = z.object({ ...base, Type: z.literal('Succeed') });
const failState = z.object({
  ...base,
  Type: z.literal('Fail'),
  Error: z.string().optional(),
  ErrorPath: z.string().optional(),
  Cause: z.string().optional(),
  CausePath: z.string().optional(),
});
const parallelState = z.object({
  ...base,
  ...recovery,
  Type: z.literal('Parallel'),
  Parameters: template,
  Branches: z.array(z.lazy(() => group)),
});
const mapState = z.object({
  ...base,
  ...recovery,
  Type: z.literal('Map'),
  ItemsPath: z.string().optional(),
  ItemSelector: template,
  Parameters: template,
  MaxConcurrency: count,
  MaxConcurrencyPath: z.string().optional(),
  ItemProcessor: z.lazy(() => group).optional(),
  Iterator: z.lazy(() => group).optional(),
  Label: z.string().optional(),
  ItemBatcher: z
    .object({
      MaxItemsPerBatch: count,
      MaxItemsPerBatchPath: z.string().optional(),
      MaxInputBytesPerBatch: count,
      MaxInputBytesPerBatchPath: z.string().optional(),
      BatchInput: template,
    })
    .optional(),
  ToleratedFailureCount: count,
  ToleratedFailureCountPath: z.string().optional(),
  ToleratedFailurePercentage: count,
  ToleratedFailurePercentagePath: z.string().optional(),
  ItemReader: z.unknown().optional(),
  ResultWriter: z.unknown().optional(),
});

interface Processor extends StateGroup {
  readonly ProcessorConfig?: { Mode?: string | undefined; ExecutionType?: string | undefined } | undefined;
}

const group: z.ZodType<Processor> = z.object({
  StartAt: z.string(),
  States: z.record(
    z.string(),
    z.discriminatedUnion('Type', [
      taskState,
      passState,
      waitState,
      choiceState,
      succeedState,
      failState,
      parallelState,
      mapState,
    ]),
  ),
  ProcessorConfig: z.object({ Mode: z.string().optional(), ExecutionType: z.string().optional() }).optional(),
});

export type TaskState = z.infer<typeof taskState>;
export type PassState = z.infer<typeof passState>;
export type WaitState = z.infer<typeof waitState>;
export type ChoiceState = z.infer<typeof choiceState>;
export type FailState = z.infer<typeof failState>;
export type ParallelState = z.infer<typeof parallelState>;
export type MapState = z.infer<typeof mapState>;
export type State =
  | TaskState
  | PassState
  | WaitState
  | ChoiceState
  | z.infer<typeof succeedState>
  | FailState
  | ParallelState
  | MapState;

export type Catcher = z.infer<typeof catcher>;

/**
 * @param supports which Task resources something here serves
 * @throws Error of one line that names the machine and the state
 */
export function readDefinition(
  machine: string,
  raw: Json,
  supports: (resource: string) => boolean,
): Definition {
  refuseJsonata(raw, `state machine ${machine}`);
  validate(machine, raw);
  const parsed = group.and(z.object({ TimeoutSeconds: count })).safeParse(raw);
  if (!parsed.success) {
    throw new Error(
      `state machine ${machine}: ${z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' ')}`,
    );
  }
  for (const [name, state] of allStates(parsed.data)) {
    const unserved = whyUnserved(state, supports);
    if (unserved !== undefined) throw new Error(`state machine ${machine}, state ${name}: ${unserved}`);
  }
  return parsed.data;
}

export function processorOf(map: MapState): Processor {
  const processor = map.ItemProcessor ?? map.Iterator;
  if (processor === undefined) throw new Error('a Map state has no ItemProcessor');
  return processor;
}

export function isDistributed(map: MapState): boolean {
  return processorOf(map).ProcessorConfig?.Mode === 'DISTRIBUTED';
}

function* allStates(states: StateGroup): Generator<[string, State]> {
  for (const [name, state] of Object.entries(states.States)) {
    yield [name, state];
    if (state.Type === 'Map') yield* allStates(processorOf(state));
    if (state.Type === 'Parallel') for (const branch of state.Branches) yield* allStates(branch);
  }
}

function whyUnserved(state: State, supports: (resource: string) => boolean): string | undefined {
  if (state.Assign !== undefined) return 'variables (Assign) are not served by the local runtime';
  if (state.Type === 'Task' && !supports(state.Resource)) {
    return `Resource ${state.Resource} is not served by the local runtime`;
  }
  if (state.Type !== 'Map') return undefined;
  if (state.ItemReader !== undefined) return 'ItemReader is not served by the local runtime';
  if (state.ResultWriter !== undefined) return 'ResultWriter is not served by the local runtime';
  if (processorOf(state).ProcessorConfig?.ExecutionType === 'EXPRESS') {
    return 'EXPRESS children cannot be stopped or listed, and are not served by the local runtime';
  }
  return undefined;
}

/** The library would run a JSONata state as if its expressions were text. */
function refuseJsonata(node: Json, where: string): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const inner of node) refuseJsonata(inner, where);
    return;
  }
  if (node['QueryLanguage'] === 'JSONata') {
    throw new Error(`${where}: QueryLanguage JSONata is not served by the local runtime, JSONPath is`);
  }
  for (const [key, value] of Object.entries(node)) {
    if (key === 'States')
      for (const [name, state] of statesIn(value)) refuseJsonata(state, `${where}, state ${name}`);
    else refuseJsonata(value, where);
  }
}

function statesIn(value: Json): [string, Json][] {
  return typeof value === 'object' && value !== null ? Object.entries<Json>(value) : [];
}

/** The library's constructor holds asl-validator, the whole grammar; it writes into what it is given. */
function validate(machine: string, raw: Json): void {
  try {
    new StateMachine(z.custom<StateMachineDefinition>().parse(structuredClone(raw)));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`state machine ${machine}: ${message.replaceAll(/\s*\n\s*/g, ' ')}`, { cause: error });
  }
}
