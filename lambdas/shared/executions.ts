import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
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

/** An execution that began before this is no new one, however far the clocks are apart. */
const CLOCKS_DIFFER_MS = 60_000;

/** A name that was used before starts nothing: while an execution of this name and input runs, it is that one. */
export async function startExecution(
  client: SFNClient,
  execution: { readonly stateMachineArn: string; readonly name: string; readonly input: string },
): Promise<'started' | 'already-running' | 'already-ended'> {
  const startedAfter = Date.now();
  try {
    const { startDate } = await client.send(new StartExecutionCommand(execution));
    return startDate !== undefined && startDate.getTime() < startedAfter - CLOCKS_DIFFER_MS
      ? 'already-running'
      : 'started';
  } catch (error) {
    if (error instanceof ExecutionAlreadyExists) return 'already-ended';
    throw error;
  }
}
