import * as z from 'zod';
import { reconcileJobRunsEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { reconcileJobRuns } from './app/reconcile-job-runs.ts';
import { jobRunServices } from './container.ts';

const services = jobRunServices(parseEnvironment(reconcileJobRunsEnvironment, process.env));

/** Called by a schedule and by an execution's end: whatever the event says, the rows are looked at. */
export const handler = handle(z.unknown(), async () => {
  const reconciled = await reconcileJobRuns(services);
  logLine('info', 'compared runs of jobs with their executions', 'jobRunsReconciled', reconciled);
  return reconciled;
});
