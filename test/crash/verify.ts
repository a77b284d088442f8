/** `grantline verify --final` with the Money API's ledger, on a runtime that is up. */
import { RDSDataClient } from '@aws-sdk/client-rds-data';
import { asText, holds } from '../../cli/verify/report.ts';
import { verifyCampaign } from '../../cli/verify/verify-campaign.ts';
import { DataApi } from '../../lambdas/shared/data-api.ts';
import type { RunningEndpoints } from './runtime-process.ts';

export async function verify(
  { rdsData, output }: RunningEndpoints,
  promotionId: string,
  ledgerUrl: string,
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const client = new RDSDataClient({
    endpoint: rdsData,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const db = new DataApi(
    {
      resourceArn: output('DatabaseResourceArn'),
      secretArn: output('DatabaseSecretArn'),
      database: output('DatabaseName'),
    },
    client,
  );
  try {
    const verification = await verifyCampaign(db, {
      promotionId,
      ledgerUrl,
      nowMs: Date.now(),
      isFinal: true,
      progress: () => undefined,
    });
    return { ok: holds(verification), text: asText(verification) };
  } finally {
    client.destroy();
  }
}
