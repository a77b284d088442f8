/** The items of a Map state: what it iterates over and what each iteration is given. */
import type { MapState } from './definition.ts';
import { StateError } from './errors.ts';
import { evaluatePath, evaluateTemplate } from './expressions.ts';
import type { ContextObject } from './expressions.ts';
import { isJsonObject } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** @throws StateError States.Runtime when ItemsPath does not point to an array */
export async function itemsOf(map: MapState, input: Json, context: ContextObject): Promise<Json[]> {
  const items = await evaluatePath(map.ItemsPath ?? '$', input, context);
  if (!Array.isArray(items)) {
    throw new StateError('States.Runtime', `Reference path "${map.ItemsPath ?? '$'}" must point to array.`);
  }
  return items;
}

export function itemContext(context: ContextObject, index: number, value: Json): ContextObject {
  return { ...context, Map: { Item: { Index: index, Value: value } } };
}

export async function itemInput(
  map: MapState,
  input: Json,
  context: ContextObject,
  index: number,
  item: Json,
): Promise<Json> {
  // `Parameters` is what ItemSelector was called before distributed maps.
  const selector = map.ItemSelector ?? map.Parameters;
  return selector === undefined
    ? item
    : await evaluateTemplate(selector, input, itemContext(context, index, item));
}

/** A number given literally or by a path. @throws StateError States.Runtime when the path points to something else */
export async function numberAt(
  literal: number | undefined,
  path: string | undefined,
  input: Json,
  context: ContextObject,
): Promise<number | undefined> {
  if (path === undefined) return literal;
  const value = await evaluatePath(path, input, context);
  if (typeof value !== 'number') throw new StateError('States.Runtime', `${path} must point to a number.`);
  return value;
}

export interface BatchLimits {
  readonly maxItems: number | undefined;
  readonly maxBytes: number | undefined;
  readonly batchInput: Json | undefined;
}

export interface ChildInput {
  readonly input: Json;
  readonly itemCount: number;
}

/** ItemBatcher: `{ BatchInput?, Items }`, filled in order up to either limit; one item is a batch however large. */
export function batched(
  items: readonly Json[],
  { maxItems, maxBytes, batchInput }: BatchLimits,
): ChildInput[] {
  const envelope: JsonObject =
    batchInput !== undefined && isJsonObject(batchInput) ? { BatchInput: batchInput } : {};
  const emptyBytes = Buffer.byteLength(JSON.stringify({ ...envelope, Items: [] }));
  const batches: Json[][] = [];
  let current: Json[] = [];
  let bytes = emptyBytes;
  for (const item of items) {
    const itemBytes = Buffer.byteLength(JSON.stringify(item)) + 1;
    const full = current.length >= (maxItems ?? Infinity) || bytes + itemBytes > (maxBytes ?? Infinity);
    if (full && current.length > 0) {
      batches.push(current);
      current = [];
      bytes = emptyBytes;
    }
    current.push(item);
    bytes += itemBytes;
  }
  if (current.length > 0) batches.push(current);
  return batches.map((batch) => ({ input: { ...envelope, Items: batch }, itemCount: batch.length }));
}
