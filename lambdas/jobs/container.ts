/** The only wiring: which adapter stands behind which port of each handler. Built once, on cold start. */
import { SFNClient } from '@aws-sdk/client-sfn';
import type * as z from 'zod';
import type { beginJobRunEnvironment } from '../../schema/environment.ts';
import { alertPublishing } from '../shared/alert-publishing.ts';
import { systemClock as clock } from '../shared/clock.ts';
import { dataApi } from '../shared/data-api.ts';
import { describeExecution } from '../shared/executions.ts';
import { sqlJobRunStore } from './adapters/sql-job-run-store.ts';

/** Of each of the three: one that begins and one that reconciles ask how executions fare. */
export function jobRunServices(env: z.output<typeof beginJobRunEnvironment>) {
  const client = new SFNClient({});
  return {
    store: sqlJobRunStore(dataApi(env)),
    executions: { describe: (executionId: string) => describeExecution(client, executionId) },
    clock,
    ...alertPublishing(env),
  };
}
