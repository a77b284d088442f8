/**
 * How many events an execution may write to its history, from its definition. Every state of a choice is counted as if it
 * were taken, so the bound is no less than any execution. Events by kind of state:
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
import { z } from 'zod';

/** Entered, scheduled, started, succeeded, exited. */
const TASK = 5;
/** Failed; scheduled and started again. */
export const FAILED_TRY = 3;

const EVENTS: Readonly<Record<string, number>> = {
  Task: TASK,
  Choice: 2,
  Pass: 2,
  Succeed: 2,
  Wait: 2,
  /** It has no exit. */
  Fail: 1,
  /** Entered, started, succeeded, exited. */
  Parallel: 4,
  Map: 4,
};
/** Started and ended. */
const EXECUTION = 2;
const ITERATION = 2;
/** A distributed Map says of its run that it started and ended; its items have histories of their own. */
const MAP_RUN = 2;

interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
interface State {
  readonly Type: string;
  readonly Next?: string | undefined;
  readonly Default?: string | undefined;
  readonly Choices?: readonly { readonly Next: string }[] | undefined;
  readonly Catch?: readonly { readonly Next: string }[] | undefined;
  readonly Retry?: readonly { readonly MaxAttempts: number }[] | undefined;
  readonly Branches?: readonly States[] | undefined;
  readonly ItemProcessor?:
    (States & { readonly ProcessorConfig?: { readonly Mode: string } | undefined }) | undefined;
}

const next = z.array(z.looseObject({ Next: z.string() })).optional();
const state: z.ZodType<State> = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  Default: z.string().optional(),
  Choices: next,
  Catch: next,
  Retry: z.array(z.looseObject({ MaxAttempts: z.number() })).optional(),
  Branches: z.array(z.lazy(() => states)).optional(),
  ItemProcessor: z
    .lazy(() =>
      z.looseObject({
        ...fields,
        ProcessorConfig: z.looseObject({ Mode: z.string() }).optional(),
      }),
    )
    .optional(),
});
const fields = { StartAt: z.string(), States: z.record(z.string(), state) };
const states = z.looseObject(fields);

export interface Assumed {
  /** How often a state is come to of each that is on a loop, and how many items a Map has. */
  readonly times: Readonly<Record<string, number>>;
  /** Whether each task fails as often as its retries allow, each time that it is come to. */
  readonly failing: boolean;
}

/** @returns the most events of the execution, and of a child of each distributed Map. @throws where a loop has no bound */
export function historyBound(
  definition: string,
  assumed: Assumed,
): { readonly events: number; readonly children: Readonly<Record<string, number>> } {
  const children: Record<string, number> = {};

  const eventsOf = (machine: States): number =>
    Object.entries(machine.States)
      .map(([name, each]) => timesOf(name, machine, assumed) * eventsOfState(name, each))
      .reduce((sum, events) => sum + events, 0);

  const eventsOfState = (name: string, each: State): number => {
    const own = EVENTS[each.Type];
    if (own === undefined) throw new Error(`${name}: events of a ${each.Type} are not known`);
    const retries = (each.Retry ?? []).reduce((sum, { MaxAttempts }) => sum + MaxAttempts, 0);
    const failed = assumed.failing ? retries * FAILED_TRY : 0;
    const branches = (each.Branches ?? []).reduce((sum, branch) => sum + eventsOf(branch), 0);
    return own + failed + branches + eventsOfItems(name, each);
  };

  const eventsOfItems = (name: string, { ItemProcessor: items }: State): number => {
    if (items === undefined) return 0;
    if (items.ProcessorConfig?.Mode === 'DISTRIBUTED') {
      children[name] = EXECUTION + eventsOf(items);
      return MAP_RUN;
    }
    return said(name, assumed) * (ITERATION + eventsOf(items));
  };

  return { events: EXECUTION + eventsOf(states.parse(JSON.parse(definition))), children };
}

function timesOf(name: string, machine: States, assumed: Assumed): number {
  return isOnLoop(name, machine) ? said(name, assumed) : 1;
}

function said(name: string, { times }: Assumed): number {
  const number = times[name];
  if (number === undefined)
    throw new Error(`${name}: is come to again and again, and nothing says how often`);
  return number;
}

function isOnLoop(name: string, { States: all }: States): boolean {
  const seen = new Set<string>();
  const ahead = successors(all[name]);
  for (let reached = ahead.pop(); reached !== undefined; reached = ahead.pop()) {
    if (reached === name) return true;
    if (seen.has(reached)) continue;
    seen.add(reached);
    ahead.push(...successors(all[reached]));
  }
  return false;
}

function successors(each: State | undefined): string[] {
  const named = [...(each?.Choices ?? []), ...(each?.Catch ?? [])].map(({ Next }) => Next);
  return [...named, each?.Next, each?.Default].filter((name) => name !== undefined);
}
