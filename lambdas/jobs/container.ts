/** The only wiring: which adapter stands behind which port of each handler. Built once, on cold start. */
import { SFNClient } from '@aws-sdk/client-sfn';
import type * as z from 'zod';
import type { adminApiJobsEnvironment, beginJobRunEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { alertPublishing } from '../shared/alert-publishing.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { dataApi } from '../shared/data-api.ts';
import { describeExecution } from '../shared/executions.ts';
import { logger } from '../shared/handler.ts';
import { adminHttp } from '../shared/http/admin-http.ts';
import { sfnJobMachines } from './adapters/sfn-job-machines.ts';
import { sqlJobRunReader } from './adapters/sql-job-run-reader.ts';
import { sqlJobRunStore } from './adapters/sql-job-run-store.ts';
import type { JobOperatorLog } from './admin-api/job-routes.ts';

/** Of each of the three: one that begins and one that reconciles ask how executions fare. */
export function jobRunServices(env: z.output<typeof beginJobRunEnvironment>) {
  const client = new SFNClient({});
  const db = dataApi(env);
  return {
    store: { ...sqlJobRunStore(db), ...sqlJobRunReader(db) },
    executions: { describe: (executionId: string) => describeExecution(client, executionId) },
    clock,
    ...alertPublishing(env),
  };
}

export function adminApiJobsServices(env: z.output<typeof adminApiJobsEnvironment>) {
  const client = new SFNClient({});
  const db = dataApi(env);
  return {
    store: sqlJobRunStore(db),
    reader: sqlJobRunReader(db),
    executions: { describe: (executionId: string) => describeExecution(client, executionId) },
    machines: sfnJobMachines(
      {
        'point-sync': env.POINT_SYNC_ARN,
        'coupon-usage-stats': env.COUPON_USAGE_STATS_ARN,
        'coupon-usage-stats-fcm-send': env.COUPON_USAGE_STATS_FCM_SEND_ARN,
      },
      client,
    ),
    clock,
    log: operatorLog,
    http: adminHttp(env),
  };
}

const operatorLog: JobOperatorLog = {
  asked: (what) => logger.info('an operator asked', { event: LOG_EVENTS.operatorAsked, ...what }),
};
