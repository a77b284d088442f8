import { buildDailyReportEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { buildDailyReport } from './app/build-daily-report.ts';
import { databaseServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = databaseServices(parseEnvironment(buildDailyReportEnvironment, process.env));

export const handler = rangeHandler(STEPS.buildDailyReport, (input, budget) =>
  buildDailyReport(services, input, budget),
);
