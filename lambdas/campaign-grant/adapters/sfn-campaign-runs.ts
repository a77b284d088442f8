import { SFNClient } from '@aws-sdk/client-sfn';
import { describeExecution } from '../../shared/executions.ts';
import type { CampaignRuns } from '../ports.ts';
import { startExecution } from './start-execution.ts';

export function sfnCampaignRuns(
  stateMachineArn: string,
  client: SFNClient = new SFNClient({}),
): CampaignRuns {
  return {
    start: (input, name) => startExecution(client, { stateMachineArn, name, input: JSON.stringify(input) }),
    describe: (executionId) => describeExecution(client, executionId),
  };
}
