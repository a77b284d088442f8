/** Queues the PENDING targets of a promotion, page by page, and marks them: a process of its own. */
import { Queue } from 'bullmq';
import { createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import { grantRequestOf } from '../../../lambdas/campaign-grant/domain/grant-request.ts';
import { resolveTarget } from '../../../lambdas/campaign-grant/domain/target.ts';
import type { GrantDefaults } from '../../../lambdas/campaign-grant/domain/target.ts';
import { JOB_OPTIONS, QUEUE, peerOptions, publishRequest, redisConnection } from './campaign.ts';
import type { GrantJob } from './campaign.ts';

const PAGE_SIZE = 1_000;

const text = z.string().nullable();
const promotionRows = z.tuple([
  z.array(z.object({ reason: text, amount: text, expiryAt: text })).min(1),
  z.unknown(),
]);
const targetRows = z.tuple([
  z.array(
    z.object({ targetId: z.string(), customerUid: z.string(), amount: text, expiredAt: text, reason: text }),
  ),
  z.unknown(),
]);

process.on('disconnect', () => process.exit(0));
process.once('message', (raw) => {
  const options = peerOptions.parse(raw);
  const db = createPool({ uri: options.databaseUrl, connectionLimit: 4, decimalNumbers: false });
  const queue = new Queue<GrantJob>(QUEUE, { connection: redisConnection(options.redisUrl) });
  process.on('message', (request) => {
    void publish(db, queue, publishRequest.parse(request).promotionId).then(
      () => process.send?.('published'),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
});

async function publish(db: Pool, queue: Queue<GrantJob>, promotionId: string): Promise<void> {
  const defaults = await readDefaults(db, promotionId);
  let after = '0';
  for (;;) {
    const [rows] = targetRows.parse(
      await db.query(
        `SELECT CAST(point_target_id AS CHAR) AS targetId, CAST(customer_uid AS CHAR) AS customerUid,
                CAST(amount AS CHAR) AS amount, expired_at AS expiredAt, reason
         FROM campaign_promotion_point_targets
         WHERE promotion_id = ? AND publish_status = 'PENDING' AND point_target_id > ?
         ORDER BY point_target_id LIMIT ${PAGE_SIZE}`,
        [promotionId, after],
      ),
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.targetId;
    const jobs: { name: string; data: GrantJob; opts: typeof JOB_OPTIONS & { jobId: string } }[] = [];
    const invalid: { targetId: string; reason: string }[] = [];
    for (const row of rows) {
      const resolved = resolveTarget({ ...row, ...NOT_OF_A_POINT }, contextOf(promotionId, defaults));
      if (!resolved.ok) {
        invalid.push({ targetId: row.targetId, reason: resolved.reason });
        continue;
      }
      const { body, idempotencyKey } = grantRequestOf(resolved.message);
      const data = { promotionId, targetId: row.targetId, body };
      jobs.push({ name: 'grant', data, opts: { ...JOB_OPTIONS, jobId: idempotencyKey } });
    }
    await queue.addBulk(jobs);
    await markPublished(
      db,
      jobs.map(({ data }) => data.targetId),
    );
    await recordInvalid(db, promotionId, invalid);
  }
}

const NOT_OF_A_POINT = {
  voucherNumber: null,
  merchantCode: null,
  merchantBrandCode: null,
  isWithdrawal: null,
  partitionKey: null,
};

function contextOf(promotionId: string, defaults: GrantDefaults) {
  return { promotionId, promotionType: 'POINT', defaults, partitionNumber: 0, nowMs: Date.now() } as const;
}

async function readDefaults(db: Pool, promotionId: string): Promise<GrantDefaults> {
  const [[row]] = promotionRows.parse(
    await db.query(
      `SELECT default_reason AS reason, CAST(default_amount AS CHAR) AS amount,
              CAST(default_expiry_at AS CHAR) AS expiryAt
       FROM campaign_promotions WHERE promotion_id = ?`,
      [promotionId],
    ),
  );
  if (row === undefined) throw new Error(`promotion ${promotionId} does not exist`);
  return row;
}

async function markPublished(db: Pool, targetIds: readonly string[]): Promise<void> {
  if (targetIds.length === 0) return;
  await db.query(
    `UPDATE campaign_promotion_point_targets SET publish_status = 'PUBLISHED' WHERE point_target_id IN (?)`,
    [targetIds],
  );
}

async function recordInvalid(
  db: Pool,
  promotionId: string,
  invalid: readonly { targetId: string; reason: string }[],
): Promise<void> {
  if (invalid.length === 0) return;
  await db.query(
    `UPDATE campaign_promotion_point_targets SET publish_status = 'FAILED' WHERE point_target_id IN (?)`,
    [invalid.map(({ targetId }) => targetId)],
  );
  await db.query(
    `INSERT INTO campaign_promotion_point_results (point_target_id, promotion_id, process_status, error_message)
     VALUES ?`,
    [invalid.map(({ targetId, reason }) => [targetId, promotionId, 'FAILED', reason])],
  );
}
