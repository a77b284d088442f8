import { endJobRunEnvironment } from '../../schema/environment.ts';
import { endJobRunInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { endJobRun } from './app/end-job-run.ts';
import { jobRunServices } from './container.ts';

const services = jobRunServices(parseEnvironment(endJobRunEnvironment, process.env));

export const handler = handle(endJobRunInput, async ({ event }) => {
  const ended = await endJobRun(services, event);
  logLine('info', 'ended a run of a job', 'jobRunEnded', { jobRun: event.jobRun, ...ended });
  return ended;
});
