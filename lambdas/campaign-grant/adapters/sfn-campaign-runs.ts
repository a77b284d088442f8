import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient } from '@aws-sdk/client-sfn';
import type { CampaignRuns } from '../ports.ts';
import { startExecution } from './start-execution.ts';

export function sfnCampaignRuns(
  stateMachineArn: string,
  client: SFNClient = new SFNClient({}),
): CampaignRuns {
  return {
    start: (input, name) => startExecution(client, { stateMachineArn, name, input: JSON.stringify(input) }),

    async describe(executionId) {
      try {
        const { status, cause, error } = await client.send(
          new DescribeExecutionCommand({ executionArn: executionId }),
        );
        switch (status) {
          case 'ABORTED':
          case 'FAILED':
          case 'TIMED_OUT':
            return {
              status,
              cause: [error, cause].filter((text) => text !== undefined && text !== '').join(': '),
            };
          case 'SUCCEEDED':
            return { status };
          default:
            // PENDING_REDRIVE is a run that goes on.
            return { status: 'RUNNING' };
        }
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return { status: 'GONE' };
        throw error;
      }
    },
  };
}
