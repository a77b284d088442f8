import type { JobName } from '../../schema/jobs.ts';
import type { Config } from '../config.ts';

/** Of the state machine of a job: known before it is made, to those who ask how its executions fare. */
export function jobMachineName({ stage }: Pick<Config, 'stage'>, jobName: JobName): string {
  return `grantline-${stage}-${jobName}`;
}
