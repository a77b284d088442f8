import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { pacingFor } from '../../lambdas/campaign-grant/domain/pacer.ts';
import { grantRewardsEnvironment } from '../../schema/environment.ts';
import type { Deployment } from '../where/deployment.ts';

export interface Rate {
  /** Calls a second that the Money API admits. */
  readonly ceiling: number;
  /** Environments that share it, as each of them is told. */
  readonly environments: number;
  /** As many as there can be; null: the local runtime does not say. */
  readonly reservedConcurrency: number | null;
  readonly callsOfOneEnvironment: number;
  /** Between two calls of one environment. */
  readonly slotSeconds: number;
  readonly headroomSeconds: number;
  /** Of all environments, with the headroom off. */
  readonly callsPerSecond: number;
}

const told = grantRewardsEnvironment.pick({
  MONEY_TPS: true,
  GRANT_CONCURRENCY: true,
  PACING_HEADROOM_SECONDS: true,
});

/** What GrantRewards, as it is deployed, paces itself by: not what this checkout would deploy. */
export async function readRate(deployment: Deployment): Promise<Rate> {
  const FunctionName = await deployment.output('CampaignGrant', 'GrantRewardsFunctionName');
  const client = new LambdaClient(deployment.clientSettings('lambda'));
  const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const { data: settings } = told.safeParse(Environment?.Variables ?? {});
  if (settings === undefined) {
    throw new Error(
      `${FunctionName} is not told its ceiling as this version tells it: deploy this version first`,
    );
  }
  const tps = settings.MONEY_TPS;
  const concurrency = settings.GRANT_CONCURRENCY;
  const headroom = settings.PACING_HEADROOM_SECONDS;
  const { callsPerWindow, slot } = pacingFor({ tps, concurrency, headroom });
  return {
    ceiling: tps,
    environments: concurrency,
    reservedConcurrency: deployment.kind === 'aws' ? await reserved(client, FunctionName) : null,
    callsOfOneEnvironment: callsPerWindow,
    slotSeconds: slot,
    headroomSeconds: headroom,
    callsPerSecond: concurrency / slot,
  };
}

/** @throws Error when none is reserved: nothing then keeps the ceiling */
async function reserved(client: LambdaClient, FunctionName: string): Promise<number> {
  const { ReservedConcurrentExecutions } = await client.send(
    new GetFunctionConcurrencyCommand({ FunctionName }),
  );
  if (ReservedConcurrentExecutions !== undefined) return ReservedConcurrentExecutions;
  throw new Error(
    `${FunctionName} has no reserved concurrency, which is what keeps the ceiling: deploy again`,
  );
}

/** More environments than they are told of would call more often than the ceiling admits. */
export function keepsCeiling({ environments, reservedConcurrency }: Rate): boolean {
  return reservedConcurrency === null || reservedConcurrency <= environments;
}
