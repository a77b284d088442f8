import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import type { Deployment, StackName } from './deployment.ts';

const described = z.object({
  Stacks: z.tuple([
    z.object({
      Outputs: z.array(z.object({ OutputKey: z.string(), OutputValue: z.string() })).default([]),
    }),
  ]),
});

/** The stacks that `cdk deploy -c stage=<stage>` made, found with the caller's credentials. */
export function awsDeployment(stage: string, client = new CloudFormationClient()): Deployment {
  const known = new Map<StackName, Promise<ReadonlyMap<string, string> | undefined>>();
  const outputsOf = (stack: StackName) => {
    const outputs = known.get(stack) ?? readOutputs(client, stackNameOf(stage, stack));
    known.set(stack, outputs);
    return outputs;
  };
  return {
    kind: 'aws',
    async output(stack, name) {
      const stackName = stackNameOf(stage, stack);
      const outputs = await outputsOf(stack);
      if (outputs === undefined) {
        throw new Error(`there is no stack ${stackName} in this account and region`);
      }
      const value = outputs.get(name);
      if (value !== undefined) return value;
      throw new Error(`the stack ${stackName} has no output ${name}: deploy this version of Grantline first`);
    },
    findOutput: async (stack, name) => (await outputsOf(stack))?.get(name),
    clientSettings: () => ({}),
    moneyApiUrl: undefined,
  };
}

/** As bin/grantline.ts names them. */
function stackNameOf(stage: string, stack: StackName): string {
  return `Grantline-${stage}-${stack}`;
}

/** undefined: there is no such stack. */
async function readOutputs(
  client: CloudFormationClient,
  stackName: string,
): Promise<ReadonlyMap<string, string> | undefined> {
  const response = await client
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      // CloudFormation has no error of its own for a stack that is not there.
      if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
      throw error;
    });
  if (response === undefined) return undefined;
  const [{ Outputs }] = described.parse(response).Stacks;
  return new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}
