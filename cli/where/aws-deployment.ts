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
  const known = new Map<StackName, Promise<ReadonlyMap<string, string>>>();
  return {
    async output(stack, name) {
      const outputs = known.get(stack) ?? outputsOf(client, stackNameOf(stage, stack));
      known.set(stack, outputs);
      const value = (await outputs).get(name);
      if (value !== undefined) return value;
      throw new Error(
        `the stack ${stackNameOf(stage, stack)} has no output ${name}: deploy this version of Grantline first`,
      );
    },
    clientSettings: () => ({}),
  };
}

/** As bin/grantline.ts names them. */
function stackNameOf(stage: string, stack: StackName): string {
  return `Grantline-${stage}-${stack}`;
}

async function outputsOf(
  client: CloudFormationClient,
  stackName: string,
): Promise<ReadonlyMap<string, string>> {
  const response = await client
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      // CloudFormation has no error of its own for a stack that is not there.
      const isMissing = error instanceof Error && /does not exist/.test(error.message);
      throw isMissing
        ? new Error(`there is no stack ${stackName} in this account and region`, { cause: error })
        : error;
    });
  const [{ Outputs }] = described.parse(response).Stacks;
  return new Map(Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}
