/** Our functions in templates, and what they may do. */
import type { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';

const functionResource = z.looseObject({
  Properties: z.looseObject({
    FunctionName: z.string(),
    Timeout: z.number(),
    MemorySize: z.number(),
    Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
    VpcConfig: z.unknown().optional(),
  }),
});
export type LambdaFunction = z.infer<typeof functionResource>['Properties'] & { readonly logicalId: string };

/** By the name of their step; CDK's own have no name. */
export function functionsOf(template: Template): Map<string, LambdaFunction> {
  const found = new Map<string, LambdaFunction>();
  for (const [logicalId, resource] of Object.entries(template.findResources('AWS::Lambda::Function'))) {
    const parsed = functionResource.safeParse(resource);
    if (!parsed.success) continue;
    const { Properties: properties } = parsed.data;
    found.set(properties.FunctionName.replace('grantline-dev-', ''), { ...properties, logicalId });
  }
  return found;
}

export interface Right {
  readonly action: string;
  readonly resource: string;
  readonly condition: unknown;
}

const policyResource = z.looseObject({
  Properties: z.looseObject({
    PolicyDocument: z.object({
      Statement: z.array(
        z.looseObject({
          Effect: z.literal('Allow'),
          Action: z.union([z.string().transform((action) => [action]), z.array(z.string())]),
          Resource: z.unknown(),
          Condition: z.unknown().optional(),
        }),
      ),
    }),
  }),
});

/** What a role may do, one action after the other: on which resource, under which condition. */
export function rightsOfRole(template: Template, role: string): Right[] {
  const policies = template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } });
  return Object.values(policies)
    .flatMap((policy) => policyResource.parse(policy).Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource, Condition }) =>
      Action.map((action) => ({ action, resource: JSON.stringify(Resource), condition: Condition })),
    );
}

/** What every function needs to run at all: its logs and traces, and to read its database's secret. */
const EVERYBODYS = /^(logs|xray|rds-data|secretsmanager):/;

/** What one function may do beyond the others. */
export function ownActionsOf(template: Template, { Role }: LambdaFunction): string[] {
  return rightsOfRole(template, Role['Fn::GetAtt'][0])
    .map(({ action }) => action)
    .filter((action) => !EVERYBODYS.test(action))
    .toSorted();
}
