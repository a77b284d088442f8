import { DescribeExecutionCommand, ExecutionDoesNotExist } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';

/** GONE: Step Functions has forgotten it. */
export type ExecutionState =
  | { readonly status: 'RUNNING' | 'SUCCEEDED' | 'GONE' }
  | { readonly status: 'ABORTED' | 'FAILED' | 'TIMED_OUT'; readonly cause: string };

export async function describeExecution(client: SFNClient, executionArn: string): Promise<ExecutionState> {
  try {
    const { status, cause, error } = await client.send(new DescribeExecutionCommand({ executionArn }));
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
}
