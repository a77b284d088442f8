import { beginJobRunEnvironment } from '../../schema/environment.ts';
import { beginJobRunInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { beginJobRun } from './app/begin-job-run.ts';
import { jobRunServices } from './container.ts';

const services = jobRunServices(parseEnvironment(beginJobRunEnvironment, process.env));

export const handler = handle(beginJobRunInput, async ({ event }) => {
  const jobRun = await beginJobRun(services, event);
  logLine('info', 'began a run of a job', 'jobRunBegun', { jobRun });
  return jobRun;
});
