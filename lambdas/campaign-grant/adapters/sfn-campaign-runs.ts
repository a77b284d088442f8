import { SFNClient } from '@aws-sdk/client-sfn';
import { describeExecution, startExecution } from '../../shared/executions.ts';
import type { CampaignRuns } from '../ports.ts';

export function sfnCampaignRuns(
  stateMachineArn: string,
  client: SFNClient = new SFNClient({}),
): CampaignRuns {
  return {
    start: (input, name) => startExecution(client, { stateMachineArn, name, input: JSON.stringify(input) }),
    describe: (executionId) => describeExecution(client, executionId),
  };
}
