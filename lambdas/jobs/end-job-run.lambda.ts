import { endJobRunEnvironment } from '../../schema/environment.ts';
import { endJobRunInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { metricsOf } from '../shared/metrics.ts';
import { endJobRun } from './app/end-job-run.ts';
import { jobRunServices } from './container.ts';
import { endedValues } from './metric-values.ts';

const environment = parseEnvironment(endJobRunEnvironment, process.env);
const services = jobRunServices(environment);

export const handler = handle(endJobRunInput, async ({ event }) => {
  const { jobRun } = event;
  const ended = await endJobRun(services, event);
  logLine('info', 'ended a run of a job', 'jobRunEnded', { jobRun, ...ended });
  if (ended.status !== 'RUNNING') {
    metricsOf('jobRunEnded', environment.STAGE, jobRun.jobName)(endedValues(jobRun.jobName, ended));
  }
  return ended;
});
