/** Policy documents of IAM as far as they are read here: what is in them and not understood is refused. */
import { z } from 'zod';

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value): string[] => [value].flat());

/** The operators that local/iam knows. */
const operator = z.enum(['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike', 'Bool']);
export type Operator = z.infer<typeof operator>;

// CloudFormation takes true for 'true'.
const operand = z
  .union([z.boolean().transform(String), oneOrMore])
  .transform((value): string[] => [value].flat());

const conditions = z.partialRecord(operator, z.record(z.string(), operand));

const principals = z.union([
  z.literal('*').transform(() => ['*']),
  z.record(z.string(), oneOrMore).transform((byKind): string[] => Object.values(byKind).flat()),
]);

/** A statement as it is read here. */
export const statement = z.object({
  effect: z.enum(['Allow', 'Deny']),
  actions: z.array(z.string()),
  resources: z.array(z.string()),
  /** Services, ARNs or `*`; empty in a policy of a role. */
  principals: z.array(z.string()),
  conditions: z.partialRecord(operator, z.record(z.string(), z.array(z.string()))),
});
export type Statement = z.infer<typeof statement>;

/** Strict: NotAction, NotResource and NotPrincipal are in no template, and would each turn a statement round. */
const written = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: oneOrMore,
    Resource: oneOrMore.default(['*']),
    Principal: principals.optional(),
    Condition: conditions.default({}),
  })
  .transform(({ Effect, Action, Resource, Principal, Condition }): Statement => ({
    effect: Effect,
    actions: Action,
    resources: Resource,
    principals: Principal ?? [],
    conditions: Condition,
  }));

export const policyDocument = z
  .object({ Statement: z.union([written, z.array(written)]) })
  .transform((document) => [document.Statement].flat());
