import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { sfnJobMachines } from '../../lambdas/jobs/adapters/sfn-job-machines.ts';
import { sqlJobRunReader } from '../../lambdas/jobs/adapters/sql-job-run-reader.ts';
import { sqlJobRunStore } from '../../lambdas/jobs/adapters/sql-job-run-store.ts';
import type { Executions, JobMachines, JobRunReader, JobRunStore } from '../../lambdas/jobs/ports.ts';
import { systemClock } from '../../lambdas/shared/clock.ts';
import { describeExecution } from '../../lambdas/shared/executions.ts';
import type { JobName } from '../../schema/jobs.ts';
import type { Deployment } from '../where/deployment.ts';
import { openDatabase } from '../where/open-database.ts';
import { JOBS } from './jobs.ts';

export interface JobExecution {
  readonly name: string;
  readonly executionArn: string;
  readonly status: string;
  readonly startedAt: Date;
  /** null: it runs. */
  readonly endedAt: Date | null;
}

export interface Jobs {
  readonly store: Pick<JobRunStore, 'latestRun'>;
  readonly reader: JobRunReader;
  readonly executions: Executions;
  readonly machines: JobMachines;
  readonly clock: { now(): number };
  /** undefined: the job is not deployed. */
  readonly machineArn: (jobName: JobName) => string | undefined;
  /** The newest first. */
  readonly executionsOf: (stateMachineArn: string, limit: number) => Promise<JobExecution[]>;
}

/** What the HTTP API's function has, over the deployment's own rights. */
export async function openJobs(deployment: Deployment): Promise<Jobs> {
  const found = await Promise.all(
    JOBS.map(async (job) => [job.name, await deployment.findOutput(job.stack, job.output)] as const),
  );
  const arns = Object.fromEntries(found.filter(([, arn]) => arn !== undefined));
  const client = new SFNClient(deployment.clientSettings('stepFunctions'));
  const db = await openDatabase(deployment);
  return {
    store: sqlJobRunStore(db),
    reader: sqlJobRunReader(db),
    executions: { describe: (executionId) => describeExecution(client, executionId) },
    machines: sfnJobMachines(arns, client),
    clock: systemClock,
    machineArn: (jobName) => arns[jobName],

    executionsOf: async (stateMachineArn, limit) => {
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
