/**
 * EventBridge's event patterns, as far as events are matched here: exact values, `prefix`, `anything-but` and
 * `exists`, in fields within fields. Any other matcher is refused when it is read, so that no rule waits in silence
 * for events that it would get on AWS.
 */
import { z } from 'zod';
import type { Json } from './assembly.ts';

type Scalar = string | number | boolean | null;

export type Matcher =
  | { readonly kind: 'equals'; readonly value: Scalar }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'anything-but'; readonly values: readonly Scalar[] }
  | { readonly kind: 'exists'; readonly exists: boolean };

/** Of every field: what lies in it, or the matchers of which one must hold. */
export interface EventPattern {
  readonly [field: string]: EventPattern | readonly Matcher[];
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const textOrNumber = z.union([z.string(), z.number()]);

const matcher = z.union([
  scalar.transform((value): Matcher => ({ kind: 'equals', value })),
  z.strictObject({ prefix: z.string() }).transform(({ prefix }): Matcher => ({ kind: 'prefix', prefix })),
  z
    .strictObject({ 'anything-but': z.union([textOrNumber, z.array(textOrNumber).min(1)]) })
    .transform(({ 'anything-but': but }): Matcher => ({ kind: 'anything-but', values: [but].flat() })),
  z.strictObject({ exists: z.boolean() }).transform(({ exists }): Matcher => ({ kind: 'exists', exists })),
]);

const KNOWN = 'known are exact values, prefix, anything-but of values, and exists';

/** Written by hand because a union of zod's would not say which field of a nested pattern is the wrong one. */
export const eventPattern = z.record(z.string(), z.json()).transform((raw, context): EventPattern => {
  const readFields = (fields: Record<string, Json>, path: readonly string[]): EventPattern =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, read(value, [...path, name])]));
  const read = (value: Json, path: readonly string[]): EventPattern | Matcher[] => {
    // "$or" stands where a field's name does.
    if (path.at(-1)?.startsWith('$')) return refuse(path, KNOWN);
    if (Array.isArray(value)) {
      if (value.length === 0) return refuse(path, 'an empty list matches nothing');
      return value.flatMap((item) => matcher.safeParse(item).data ?? refuse(path, KNOWN));
    }
    if (typeof value === 'object' && value !== null) return readFields(value, path);
    return refuse(path, 'must be a list of matchers, or an object');
  };
  const refuse = (path: readonly string[], why: string): [] => {
    context.addIssue({ code: 'custom', message: `the pattern of ${path.join('.')}: ${why}` });
    return [];
  };
  return readFields(raw, []);
});
