import { DataApi, dataApiClient } from '../../lambdas/shared/data-api.ts';
import type { Deployment } from './deployment.ts';

/** The database through the Data API: IAM rights are all that is needed, no network path and no password. */
export async function openDatabase(deployment: Deployment): Promise<DataApi> {
  const [resourceArn, secretArn, database] = await Promise.all([
    deployment.output('Data', 'DatabaseResourceArn'),
    deployment.output('Data', 'DatabaseSecretArn'),
    deployment.output('Data', 'DatabaseName'),
  ]);
  const client = dataApiClient(deployment.clientSettings('rdsData'));
  return new DataApi({ resourceArn, secretArn, database }, client);
}
