/**
 * A Map state of mode DISTRIBUTED: every item (or batch) is an execution of its own, under one map run. A retry of
 * the state comes here again, and so is a new map run for every child, as on AWS; a redrive goes on with the one that
 * there is.
 */
import { processorOf } from './definition.ts';
import type { MapState } from './definition.ts';
import { Halt, StateError } from './errors.ts';
import { evaluateTemplate } from './expressions.ts';
import { batched, itemInput, itemsOf, numberAt } from './items.ts';
import type { ChildInput } from './items.ts';
import type { Json } from './json.ts';
import { runPool } from './pool.ts';
import type { MapRunHost } from './map-run.ts';
import type { Scope } from './scope.ts';
import { linkedController } from './timing.ts';

/** AWS quota: children of one map run at once, and what MaxConcurrency 0 means. */
const MAX_CHILDREN_AT_ONCE = 10_000;

/**
 * @returns the outputs of the children that succeeded, in item order: a tolerated failure contributes nothing
 * @throws StateError States.ExceedToleratedFailureThreshold
 */
export async function runDistributedMap(
  map: MapState,
  name: string,
  input: Json,
  scope: Scope,
): Promise<Json> {
  const { context, trail, signal } = scope;
  const items = await itemsOf(map, input, context);
  const children = await childInputs(map, input, items, scope);
  const wanted = await numberAt(map.MaxConcurrency, map.MaxConcurrencyPath, input, context);
  const concurrency = Math.min(
    wanted === undefined || wanted === 0 ? Infinity : wanted,
    MAX_CHILDREN_AT_ONCE,
  );
  signal.throwIfAborted();
  const earlier = scope.place.mapRun;
  const mapRun =
    earlier ??
    scope.host.openMapRun({
      label: map.Label ?? name.replaceAll(/[^\w-]/g, ''),
      processor: processorOf(map),
      maxConcurrency: concurrency,
      tolerance: {
        count: await numberAt(map.ToleratedFailureCount, map.ToleratedFailureCountPath, input, context),
        percentage: await numberAt(
          map.ToleratedFailurePercentage,
          map.ToleratedFailurePercentagePath,
          input,
          context,
        ),
      },
      totalItems: items.length,
      totalExecutions: children.length,
    });
  scope.place.mapRun = mapRun;
  const { arn: mapRunArn } = mapRun.run;
  if (earlier !== undefined) mapRun.run.redrive();
  try {
    if (earlier === undefined) {
      trail.add('MapRunStarted', { mapRunStartedEventDetails: { mapRunArn } });
    } else {
      const { redriveCount } = mapRun.run;
      trail.add('MapRunRedriven', { mapRunRedrivenEventDetails: { mapRunArn, redriveCount } });
    }
    const outputs = await runChildren(children, mapRun, concurrency, signal);
    mapRun.run.end('SUCCEEDED');
    trail.add('MapRunSucceeded');
    return outputs;
  } catch (error) {
    mapRun.run.end(error instanceof StateError ? 'FAILED' : 'ABORTED');
    if (error instanceof StateError) {
      trail.add('MapRunFailed', { mapRunFailedEventDetails: failureDetails(error) });
    }
    throw error;
  }
}

async function childInputs(map: MapState, input: Json, items: Json[], scope: Scope): Promise<ChildInput[]> {
  const { context } = scope;
  const inputs: Json[] = [];
  for (const [index, item] of items.entries()) inputs.push(await itemInput(map, input, context, index, item));
  const batcher = map.ItemBatcher;
  if (batcher === undefined) return inputs.map((one) => ({ input: one, itemCount: 1 }));
  return batched(inputs, {
    maxItems: await numberAt(batcher.MaxItemsPerBatch, batcher.MaxItemsPerBatchPath, input, context),
    maxBytes: await numberAt(
      batcher.MaxInputBytesPerBatch,
      batcher.MaxInputBytesPerBatchPath,
      input,
      context,
    ),
    batchInput:
      batcher.BatchInput === undefined
        ? undefined
        : await evaluateTemplate(batcher.BatchInput, input, context),
  });
}

async function runChildren(
  children: ChildInput[],
  mapRun: MapRunHost,
  concurrency: number,
  parent: AbortSignal,
): Promise<Json[]> {
  const outputs: (Json | undefined)[] = [];
  const { controller, unlink } = linkedController(parent);
  try {
    await runPool(children.length, concurrency, controller.signal, async (index) => {
      const child = children[index];
      if (child === undefined) return;
      outputs[index] = await mapRun.runChild(index, child, controller.signal);
      if (mapRun.run.toleranceExceeded) controller.abort(new Halt('too many items failed'));
    });
  } finally {
    unlink();
  }
  parent.throwIfAborted();
  if (mapRun.run.toleranceExceeded) {
    throw new StateError(
      'States.ExceedToleratedFailureThreshold',
      'The specified tolerated failure threshold was exceeded',
    );
  }
  return outputs.filter((output) => output !== undefined);
}

function failureDetails(error: StateError): Record<string, Json> {
  return { error: error.error ?? null, cause: error.reason ?? null };
}
