import { buildDailyReportEnvironment } from '../../schema/environment.ts';
import { rangeInput } from '../../schema/jobs.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { logLine } from '../shared/log-line.ts';
import { buildDailyReport } from './app/build-daily-report.ts';
import { databaseServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = databaseServices(parseEnvironment(buildDailyReportEnvironment, process.env));

export const handler = handle(rangeInput, async ({ event, budget }) => {
  const output = await buildDailyReport(services, event, budget);
  logLine('info', 'went through a range', 'rangeWalked', {
    step: STEPS.buildDailyReport,
    ...event,
    ...output,
  });
  return output;
});
