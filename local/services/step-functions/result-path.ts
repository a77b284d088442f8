/** ResultPath: where a state's result goes in its input. Ours, because the library takes '$' for a field's name. */
import { StateError } from './errors.ts';
import { isJsonObject } from './json.ts';
import type { Json } from './json.ts';

const SEGMENT = /\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/g;

/**
 * @param path null keeps the input, '$' or undefined the result; a reference path creates the objects it needs
 * @throws StateError States.ResultPathMatchFailure
 */
export function applyResultPath(path: string | null | undefined, input: Json, result: Json): Json {
  if (path === null) return input;
  if (path === undefined || path === '$') return result;
  const segments = [...path.slice(1).matchAll(SEGMENT)].map(([, field, index, single, double]) =>
    index === undefined ? (field ?? single ?? double ?? '') : Number(index),
  );
  return place(input, segments, result, path);
}

function place(target: Json | undefined, segments: (string | number)[], value: Json, path: string): Json {
  const [head, ...rest] = segments;
  if (head === undefined) return value;
  if (typeof head === 'number') {
    if (!Array.isArray(target) || head >= target.length) throw mismatch(path);
    return target.with(head, place(target[head], rest, value, path));
  }
  if (target !== undefined && !isJsonObject(target)) throw mismatch(path);
  return { ...target, [head]: place(target?.[head], rest, value, path) };
}

function mismatch(path: string): StateError {
  return new StateError(
    'States.ResultPathMatchFailure',
    `Unable to apply ResultPath ${path} to the state's input.`,
  );
}
