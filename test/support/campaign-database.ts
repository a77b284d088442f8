/** A migrated database behind the Data API, as the functions see it, with a few makers of rows. */
import type { RDSDataClient } from '@aws-sdk/client-rds-data';
import { RDSDataClient as Client } from '@aws-sdk/client-rds-data';
import { createPool } from 'mysql2/promise';
import type { Pool, ResultSetHeader } from 'mysql2/promise';
import { startRdsData } from '../../local/services/rds-data/server.ts';
import { DataApi } from '../../lambdas/shared/data-api.ts';
import { migrate } from '../../lambdas/operations/migrate.ts';
import type { PromotionType } from '../../schema/promotion.ts';
import { startTestDatabase } from './private-mariadb.ts';

const ADDRESS = {
  resourceArn: 'arn:aws:rds:ap-northeast-2:000000000000:cluster:test',
  secretArn: 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:test',
  database: 'grantline',
};
export const MIGRATIONS = new URL('../../schema/sql/', import.meta.url);

export interface CampaignDatabase {
  /** What a function is told of it, and where its client finds the service. */
  readonly environment: Readonly<Record<string, string>>;
  readonly db: DataApi;
  readonly client: RDSDataClient;
  /** Around the Data API, for preparing and looking. */
  readonly sql: Pool;
  close(): Promise<void>;
}

export async function startCampaignDatabase(): Promise<CampaignDatabase> {
  const server = await startTestDatabase();
  const service = await startRdsData({
    databases: [{ resourceArn: ADDRESS.resourceArn, secretArns: [ADDRESS.secretArn], url: server.url }],
  });
  const client = new Client({
    endpoint: service.url,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const db = new DataApi(ADDRESS, client);
  await migrate(db, MIGRATIONS);
  const sql = createPool({ uri: server.url, supportBigNumbers: true, bigNumberStrings: true });
  return {
    environment: {
      DATABASE_RESOURCE_ARN: ADDRESS.resourceArn,
      DATABASE_SECRET_ARN: ADDRESS.secretArn,
      DATABASE_NAME: ADDRESS.database,
      AWS_ENDPOINT_URL_RDS_DATA: service.url,
    },
    db,
    client,
    sql,
    close: async () => {
      await sql.end();
      client.destroy();
      await service.close();
      await server.close();
    },
  };
}

export interface PromotionOverrides {
  readonly type?: PromotionType;
  readonly status?: string;
  readonly totalAmount?: string | null;
  readonly reservationAt?: string | null;
  readonly priority?: number;
}

/** @returns the new promotion's key */
export async function insertPromotion(
  sql: Pool,
  overrides: PromotionOverrides = {},
): Promise<{ promotionId: string; promotionType: PromotionType }> {
  const promotionType = overrides.type ?? 'VOUCHER';
  const [result] = await sql.query<ResultSetHeader>(
    `INSERT INTO campaign_promotions (promotion_type, promotion_status, total_amount, reservation_at,
       reservation_priority, default_reason, default_amount, default_expiry_at)
     VALUES (?, ?, ?, ?, ?, 'default reason', 500, '2030-12-31 23:59:59')`,
    [
      promotionType,
      overrides.status ?? 'READY',
      overrides.totalAmount ?? null,
      overrides.reservationAt ?? null,
      overrides.priority ?? 0,
    ],
  );
  return { promotionId: String(result.insertId), promotionType };
}

/** Plain valid targets. @returns their ids in order */
export async function insertTargets(
  sql: Pool,
  of: { promotionId: string; promotionType: PromotionType },
  count: number,
  amount: string | null = '1000.00',
): Promise<string[]> {
  const voucher = of.promotionType === 'VOUCHER';
  const kind = voucher ? 'voucher' : 'point';
  const rows = Array.from({ length: count }, (_, index) => [
    of.promotionId,
    1_000 + index,
    amount,
    '2030-06-30',
    'a reason',
    ...(voucher ? [`V${of.promotionId}-${index}`] : []),
  ]);
  await sql.query(
    `INSERT INTO campaign_promotion_${kind}_targets
       (promotion_id, customer_uid, amount, expired_at, reason${voucher ? ', voucher_number' : ''}) VALUES ?`,
    [rows],
  );
  const [ids] = await sql.query<({ id: string } & import('mysql2').RowDataPacket)[]>(
    `SELECT CAST(${kind}_target_id AS CHAR) AS id FROM campaign_promotion_${kind}_targets
     WHERE promotion_id = ? ORDER BY ${kind}_target_id`,
    [of.promotionId],
  );
  return ids.map((row) => row.id);
}
