/** The state machine of a job, as any AWS client runs it. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { DescribeExecutionOutput, HistoryEvent } from '@aws-sdk/client-sfn';
import type { JobInput } from '../../schema/jobs.ts';

export interface JobMachine {
  /** @returns the execution's ARN */
  start(input: JobInput): Promise<string>;
  describe(executionArn: string): Promise<DescribeExecutionOutput>;
  /** Polls until it has ended; `whileRunning` is called each time before. */
  ended(
    executionArn: string,
    whileRunning?: () => Promise<void>,
    pollMs?: number,
  ): Promise<DescribeExecutionOutput>;
  stop(executionArn: string, cause: string): Promise<void>;
  /** Seconds between the first entry into each state and its exit, or the end. */
  secondsByState(executionArn: string): Promise<Map<string, number>>;
  close(): void;
}

const POLL_MS = 100;

export function jobMachine(endpoint: string, stateMachineArn: string): JobMachine {
  const client = new SFNClient({
    endpoint,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const describe = (executionArn: string) => client.send(new DescribeExecutionCommand({ executionArn }));
  return {
    describe,
    async start(input) {
      const { executionArn = '' } = await client.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
      );
      return executionArn;
    },
    async ended(executionArn, whileRunning = () => Promise.resolve(), pollMs = POLL_MS) {
      for (;;) {
        const execution = await describe(executionArn);
        if (execution.status !== 'RUNNING') return execution;
        await whileRunning();
        await sleep(pollMs);
      }
    },
    async stop(executionArn, cause) {
      await client.send(new StopExecutionCommand({ executionArn, error: 'Operator', cause }));
    },
    async secondsByState(executionArn) {
      const events: HistoryEvent[] = [];
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new GetExecutionHistoryCommand({ executionArn, maxResults: 1_000, nextToken }),
        );
        events.push(...(page.events ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return secondsBetween(events);
    },
    close: () => client.destroy(),
  };
}

function secondsBetween(events: readonly HistoryEvent[]): Map<string, number> {
  const at = (event: HistoryEvent | undefined) => event?.timestamp?.getTime() ?? 0;
  const seconds = new Map<string, number>();
  for (const entered of events) {
    const name = entered.stateEnteredEventDetails?.name;
    if (name === undefined || seconds.has(name)) continue;
    const exited = events.find(({ stateExitedEventDetails }) => stateExitedEventDetails?.name === name);
    seconds.set(name, (at(exited ?? events.at(-1)) - at(entered)) / 1000);
  }
  return seconds;
}
