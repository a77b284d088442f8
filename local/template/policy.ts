/** Policy documents of IAM as far as they are read here: what is in them and not understood is refused. */
import { z } from 'zod';

const texts = z.union([z.string(), z.array(z.string())]).transform((value): string[] => [value].flat());

/** `${aws:…}`, which IAM fills in at each call, is filled in by nothing here. */
const oneOrMore = texts.refine((values) => values.every((value) => !value.includes('${')), {
  error: 'policy variables are not known here',
});

/** The operators that local/iam knows. */
const operator = z.enum(['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike', 'Bool']);
export type Operator = z.infer<typeof operator>;

// CloudFormation takes true for 'true'.
const operand = z
  .union([z.boolean().transform(String), oneOrMore])
  .transform((value): string[] => [value].flat());

/** Those that calls are made with: one on another key would never hold here, whatever it does on AWS. */
const conditionsOn = (...known: readonly string[]) => {
  const key = z.string().refine((name) => known.some((one) => one.toLowerCase() === name.toLowerCase()), {
    error: ({ input }) => `the condition key ${String(input)}: known are ${known.join(', ')}`,
  });
  return z.partialRecord(operator, z.record(key, operand)).default({});
};

const principals = z.union([
  z.literal('*').transform(() => ['*']),
  z.record(z.string(), texts).transform((byKind): string[] => Object.values(byKind).flat()),
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

// Strict: NotAction, NotResource and NotPrincipal are in no template, and would each turn a statement round.
const common = { Sid: z.string().optional(), Effect: z.enum(['Allow', 'Deny']), Action: oneOrMore };

interface Written {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string[];
  readonly Resource?: string[];
  readonly Principal?: string[];
  readonly Condition: Statement['conditions'];
}

function asStatement({ Effect, Action, Resource, Principal, Condition }: Written): Statement {
  return {
    effect: Effect,
    actions: Action,
    resources: Resource ?? ['*'],
    principals: Principal ?? [],
    conditions: Condition,
  };
}

function documentOf(written: z.ZodType<Statement>) {
  return z
    .object({ Statement: z.union([written, z.array(written)]) })
    .transform((document): Statement[] => [document.Statement].flat());
}

/** What a role may do. */
export const rolePolicyDocument = documentOf(
  z
    .strictObject({
      ...common,
      Resource: oneOrMore,
      Condition: conditionsOn('iam:PassedToService', 'cloudwatch:namespace'),
    })
    .transform(asStatement),
);

/** Who may assume a role: its resource is the role itself. */
export const trustPolicyDocument = documentOf(
  z
    .strictObject({
      ...common,
      Principal: principals,
      Condition: conditionsOn('aws:SourceArn', 'aws:SourceAccount'),
    })
    .transform(asStatement),
);

/** Who may do what with a queue. */
export const queuePolicyDocument = documentOf(
  z
    .strictObject({
      ...common,
      Principal: principals,
      Resource: oneOrMore,
      Condition: conditionsOn('aws:SourceArn', 'aws:SourceAccount', 'aws:SecureTransport'),
    })
    .transform(asStatement),
);
