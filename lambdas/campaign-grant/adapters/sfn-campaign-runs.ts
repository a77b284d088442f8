import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { CampaignRuns } from '../ports.ts';

export function sfnCampaignRuns(
  stateMachineArn: string,
  client: SFNClient = new SFNClient({}),
): CampaignRuns {
  return {
    async start(input, executionName) {
      const startedAfter = Date.now();
      try {
        const { startDate } = await client.send(
          new StartExecutionCommand({
            stateMachineArn,
            name: executionName,
            input: JSON.stringify(input),
          }),
        );
        // While an execution of this name and input runs, asking again answers with that one.
        return startDate !== undefined && startDate.getTime() < startedAfter - 60_000
          ? 'already-running'
          : 'started';
      } catch (error) {
        if (error instanceof ExecutionAlreadyExists) return 'already-ended';
        throw error;
      }
    },

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
