/**
 * SNS's filter policies, as far as messages are filtered here: exact values, `prefix`, `anything-but`, `numeric` and
 * `exists`. Any other operator is refused when it is read, so that no queue waits in silence for messages that it
 * would get on AWS.
 */
import { z } from 'zod';

const textOrNumber = z.union([z.string(), z.number()]);
const prefix = z.strictObject({ prefix: z.string().min(1) });
const comparison = z.enum(['=', '<', '<=', '>', '>=']);

const condition = z.union([
  textOrNumber,
  prefix,
  z.strictObject({ 'anything-but': z.union([textOrNumber, z.array(textOrNumber).min(1), prefix]) }),
  z.strictObject({
    numeric: z.union([
      z.tuple([comparison, z.number()]),
      z.tuple([comparison, z.number(), comparison, z.number()]),
    ]),
  }),
  z.strictObject({ exists: z.boolean() }),
]);

/** Of each attribute: the conditions of which one must hold. All attributes must match. */
export const filterPolicy = z
  .record(
    // "$or" stands where an attribute's name does.
    z.string().regex(/^[^$]/),
    z.array(condition).min(1),
    'known are lists of exact values, prefix, anything-but, numeric and exists',
  )
  .refine((policy) => Object.keys(policy).length > 0, 'an empty policy lets nothing through');

export type FilterPolicy = z.infer<typeof filterPolicy>;
