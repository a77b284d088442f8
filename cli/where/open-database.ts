import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { DataApi } from '../../lambdas/shared/data-api.ts';
import { patience } from '../../lambdas/shared/patience.ts';
import type { Deployment } from './deployment.ts';

/** Longer than the 45 s after which the Data API itself gives a statement up. */
const REQUEST_TIMEOUT_MS = 60_000;

/** The database through the Data API: IAM rights are all that is needed, no network path and no password. */
export async function openDatabase(deployment: Deployment): Promise<DataApi> {
  const [resourceArn, secretArn, database] = await Promise.all([
    deployment.output('Data', 'DatabaseResourceArn'),
    deployment.output('Data', 'DatabaseSecretArn'),
    deployment.output('Data', 'DatabaseName'),
  ]);
  const client = new RDSDataClient({
    ...deployment.clientSettings('rdsData'),
    // DataApi has retries of its own.
    maxAttempts: 1,
    requestHandler: patience(REQUEST_TIMEOUT_MS),
  });
  return new DataApi({ resourceArn, secretArn, database }, client);
}
