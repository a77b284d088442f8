import * as z from 'zod';
import { reconcileJobRunsEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { metricsOf } from '../shared/metrics.ts';
import { reconcileJobRuns } from './app/reconcile-job-runs.ts';
import { jobRunServices } from './container.ts';
import { failedValues } from './metric-values.ts';

const environment = parseEnvironment(reconcileJobRunsEnvironment, process.env);
const services = jobRunServices(environment);

/** Called by a schedule and by an execution's end: whatever the event says, the rows are looked at. */
export const handler = handle(z.unknown(), async () => {
  const reconciled = await reconcileJobRuns(services);
  logLine('info', 'compared runs of jobs with their executions', 'jobRunsReconciled', reconciled);
  for (const { jobName } of reconciled.failed) {
    metricsOf('jobRunEnded', environment.STAGE, jobName)(failedValues());
  }
  for (const { jobName, seconds } of await services.store.secondsSinceCompleted(services.clock.now())) {
    metricsOf('jobRunsReconciled', environment.STAGE, jobName)({ JobHoursSinceCompleted: seconds / 3_600 });
  }
  return reconciled;
});
