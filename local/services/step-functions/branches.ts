/** Parallel, and Map of mode INLINE: work inside the same execution, where the first failure stops the rest. */
import { processorOf } from './definition.ts';
import type { MapState, ParallelState } from './definition.ts';
import { Halt, StateError } from './errors.ts';
import { itemContext, itemInput, itemsOf, numberAt } from './items.ts';
import type { Json } from './json.ts';
import { runPool } from './pool.ts';
import type { Scope } from './scope.ts';
import { linkedController } from './timing.ts';

/** AWS: an inline Map runs up to 40 iterations at once. */
const MAX_ITERATIONS_AT_ONCE = 40;

export async function runParallel(state: ParallelState, input: Json, scope: Scope): Promise<Json> {
  const { place, trail } = scope;
  if (!place.hasParts) trail.add('ParallelStateStarted');
  const outputs: Json[] = [];
  await stoppingTheRest('ParallelState', scope, (signal) =>
    runPool(state.Branches.length, Infinity, signal, async (index) => {
      const branch = state.Branches[index];
      if (branch === undefined) return;
      const part = place.part(index);
      outputs[index] =
        part.output === undefined
          ? await scope.runStates(branch, input, { ...scope, signal, trail: trail.fork(), place: part })
          : part.output.value;
    }),
  );
  return outputs;
}

export async function runInlineMap(map: MapState, name: string, input: Json, scope: Scope): Promise<Json> {
  const items = await itemsOf(map, input, scope.context);
  const wanted = await numberAt(map.MaxConcurrency, map.MaxConcurrencyPath, input, scope.context);
  const concurrency = Math.min(
    wanted === undefined || wanted === 0 ? Infinity : wanted,
    MAX_ITERATIONS_AT_ONCE,
  );
  const { place, trail } = scope;
  if (!place.hasParts)
    trail.add('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
  const outputs: Json[] = [];
  await stoppingTheRest('MapState', scope, (signal) =>
    runPool(items.length, concurrency, signal, async (index) => {
      const part = place.part(index);
      outputs[index] =
        part.output === undefined
          ? await runIteration(map, name, input, items[index] ?? null, index, {
              ...scope,
              signal,
              place: part,
            })
          : part.output.value;
    }),
  );
  return outputs;
}

async function runIteration(
  map: MapState,
  name: string,
  input: Json,
  item: Json,
  index: number,
  scope: Scope,
): Promise<Json> {
  const trail = scope.trail.fork();
  const iteration = { name, index };
  if (!scope.place.entered) trail.add('MapIterationStarted', { mapIterationStartedEventDetails: iteration });
  try {
    const output = await scope.runStates(
      processorOf(map),
      await itemInput(map, input, scope.context, index, item),
      { ...scope, trail, context: itemContext(scope.context, index, item) },
    );
    trail.add('MapIterationSucceeded', { mapIterationSucceededEventDetails: iteration });
    return output;
  } catch (error) {
    if (error instanceof StateError)
      trail.add('MapIterationFailed', { mapIterationFailedEventDetails: iteration });
    throw error;
  }
}

async function stoppingTheRest(
  kind: 'ParallelState' | 'MapState',
  { trail, signal }: Scope,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { controller, unlink } = linkedController(signal);
  try {
    await work(controller.signal);
    signal.throwIfAborted();
    trail.add(`${kind}Succeeded`);
  } catch (error) {
    controller.abort(new Halt('a sibling failed'));
    if (error instanceof StateError) trail.add(`${kind}Failed`);
    throw error;
  } finally {
    unlink();
  }
}
