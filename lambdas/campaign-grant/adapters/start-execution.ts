import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { SFNClient } from '@aws-sdk/client-sfn';

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
