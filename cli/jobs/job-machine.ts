import {
  ExecutionAlreadyExists,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Deployment } from '../where/deployment.ts';
import { jobExecutionName } from './jobs.ts';
import type { Job, JobInput } from './jobs.ts';

/** More than anybody runs a job again for the same day. */
const MOST_ATTEMPTS = 50;

export interface JobExecution {
  readonly name: string;
  readonly executionArn: string;
  readonly status: string;
  readonly startedAt: Date;
  /** null: it runs. */
  readonly endedAt: Date | null;
}

export interface JobMachine {
  /** @returns undefined when each name was used before */
  run(input: JobInput): Promise<{ readonly name: string; readonly executionArn: string } | undefined>;
  /** The newest first. */
  history(limit: number): Promise<JobExecution[]>;
}

/** @returns undefined when the job is not deployed */
export async function openJob(deployment: Deployment, job: Job): Promise<JobMachine | undefined> {
  const stateMachineArn = await deployment.findOutput(job.stack, job.output);
  if (stateMachineArn === undefined) return undefined;
  const client = new SFNClient(deployment.clientSettings('stepFunctions'));
  return {
    async run(input) {
      for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
        const name = jobExecutionName(job, input, attempt);
        try {
          // While one of this name and input runs, asking again answers with that one.
          const { executionArn = '' } = await client.send(
            new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
          );
          return { name, executionArn };
        } catch (error) {
          if (!(error instanceof ExecutionAlreadyExists)) throw error;
        }
      }
      return undefined;
    },

    async history(limit) {
      const { executions = [] } = await client.send(
        new ListExecutionsCommand({ stateMachineArn, maxResults: limit }),
      );
      return executions.map(({ name = '', executionArn = '', status = '', startDate, stopDate }) => ({
        name,
        executionArn,
        status,
        startedAt: startDate ?? new Date(0),
        endedAt: stopDate ?? null,
      }));
    },
  };
}
