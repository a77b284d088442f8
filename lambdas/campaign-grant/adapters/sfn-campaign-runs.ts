import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { CampaignRuns } from '../ports.ts';

export function sfnCampaignRuns(
  stateMachineArn: string,
  client: SFNClient = new SFNClient({}),
): CampaignRuns {
  return {
    async start(promotionId, executionName) {
      const startedAfter = Date.now();
      try {
        const { startDate } = await client.send(
          new StartExecutionCommand({
            stateMachineArn,
            name: executionName,
            input: JSON.stringify({ promotionId }),
          }),
        );
        // While an execution of this name and input runs, asking again answers with that one.
        return startDate !== undefined && startDate.getTime() < startedAfter - 60_000
          ? 'already-started'
          : 'started';
      } catch (error) {
        if (error instanceof ExecutionAlreadyExists) return 'already-started';
        throw error;
      }
    },
  };
}
