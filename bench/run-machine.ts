/** Starts the state machine of a job, as any AWS client would, and takes the time of its steps. */
import {
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  paginateGetExecutionHistory,
} from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 100;

/** Seconds from entering the state to leaving it. */
export type StepSeconds = ReadonlyMap<string, number>;

/** @throws Error when the execution does not succeed */
export async function runMachine(
  { stepFunctionsUrl, stateMachineArn }: { stepFunctionsUrl: string; stateMachineArn: string },
  input: object,
): Promise<StepSeconds> {
  const client = new SFNClient({
    endpoint: stepFunctionsUrl,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const { executionArn } = await client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    for (;;) {
      const { status, error, cause } = await client.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') return await stepSeconds(client, executionArn);
      if (status !== 'RUNNING') {
        throw new Error(`${stateMachineArn} ended ${status ?? ''}: ${error ?? ''} ${cause ?? ''}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    client.destroy();
  }
}

async function stepSeconds(client: SFNClient, executionArn: string | undefined): Promise<StepSeconds> {
  const entered = new Map<string, number>();
  const seconds = new Map<string, number>();
  for await (const { events } of paginateGetExecutionHistory({ client }, { executionArn })) {
    for (const { timestamp, stateEnteredEventDetails, stateExitedEventDetails } of events ?? []) {
      const at = (timestamp?.getTime() ?? 0) / 1_000;
      if (stateEnteredEventDetails?.name !== undefined) entered.set(stateEnteredEventDetails.name, at);
      const left = stateExitedEventDetails?.name;
      if (left !== undefined) seconds.set(left, at - (entered.get(left) ?? at));
    }
  }
  return seconds;
}
