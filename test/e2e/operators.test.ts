/** What operators do by the HTTP API, on the local runtime: each function by its own role, as on AWS. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SchedulerClient, ListSchedulesCommand } from '@aws-sdk/client-scheduler';
import { GetQueueAttributesCommand, SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createPool } from 'mysql2/promise';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { loadPromotion } from '../../demo/campaigns/load.ts';
import { couponStandIns } from '../../demo/coupon-stats/stage.ts';
import { jobMachine } from '../../demo/jobs/machine.ts';
import { startWorld } from '../../demo/world.ts';
import type { World } from '../../demo/world.ts';
import { JOB_REFUSED } from '../../schema/errors.ts';
import { GRANT_MESSAGE_VERSION, TOPICS } from '../../schema/grant-message.ts';
import type { GrantMessage } from '../../schema/grant-message.ts';
import { SECRET, makeToken } from '../support/http-api.ts';

const TARGETS = 60;
const SEED = 1;
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

let directory: string;
let world: World;
let db: Pool;
let token: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grantline-operators-'));
  world = await startWorld({
    dataDirectory: directory,
    environment: { JWT_SECRET_KEY: new TextDecoder().decode(SECRET) },
    standIn: { ceiling: 500, latencyMs: 0, seed: SEED, rejectRate: 0.1 },
    coupons: couponStandIns({ members: 1, stores: 10, seed: SEED }),
    context: { jobRetrySeconds: 1 },
    report: () => undefined,
  });
  db = createPool({ uri: world.outside.databaseUrl, connectionLimit: 2 });
  token = await makeToken({ exp: Math.floor(Date.now() / 1000) + 3_600 });
}, 120_000);

afterAll(async () => {
  await db.end();
  await world.close();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

async function ask(method: 'GET' | 'POST', path: string, body?: object) {
  const response = await fetch(`${world.output('AdminApiUrl')}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
}

const settings = (endpoint: 'lambda' | 'scheduler' | 'sqs') => ({
  endpoint: world.runtime.endpoints[endpoint],
  region: 'ap-northeast-2',
  credentials: CREDENTIALS,
});

async function load(promotionId: string, reservationAt?: Date): Promise<void> {
  await loadPromotion(db, { promotionId, promotionType: 'POINT', targets: TARGETS, seed: SEED });
  if (reservationAt === undefined) return;
  await db.query('UPDATE campaign_promotions SET reservation_at = ? WHERE promotion_id = ?', [
    inSeoul(reservationAt),
    promotionId,
  ]);
}

function inSeoul(time: Date): string {
  return new Date(time.getTime() + 9 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

const campaign = z.object({
  phase: z.string(),
  runNumber: z.number(),
  successCount: z.number(),
  failCount: z.number(),
});

function comesTo(promotionId: string, expected: Partial<z.infer<typeof campaign>>): Promise<void> {
  return vi.waitFor(
    async () => {
      const answer = await ask('GET', `/api/v1/campaigns/${promotionId}`);
      expect(campaign.parse(answer.body)).toMatchObject(expected);
    },
    { timeout: 60_000, interval: 200 },
  );
}

/** At once, and not only when its minute is over. */
async function reconcile(): Promise<void> {
  const client = new LambdaClient(settings('lambda'));
  await client.send(new InvokeCommand({ FunctionName: 'grantline-dev-reconcile-campaigns', Payload: '{}' }));
}

async function reservations(): Promise<string[]> {
  const { Schedules = [] } = await new SchedulerClient(settings('scheduler')).send(
    new ListSchedulesCommand({ GroupName: 'grantline-dev-reservations' }),
  );
  return Schedules.map(({ Name = '' }) => Name);
}

test('a campaign is started, and what the Money API refused is redriven', async () => {
  await load('1');

  expect(await ask('POST', '/api/v1/campaigns/1/start')).toMatchObject({ status: 202 });
  await comesTo('1', { phase: 'completed' });
  const { failCount } = campaign.parse((await ask('GET', '/api/v1/campaigns/1')).body);
  expect(failCount).toBeGreaterThan(0);

  expect(await ask('POST', '/api/v1/campaigns/1/redrive', {})).toMatchObject({
    status: 202,
    body: { outcome: 'started', count: failCount },
  });
  // The Money API keeps what it answered to a key: refused for good, they are asked for and refused again.
  await comesTo('1', { phase: 'completed', runNumber: 2, successCount: TARGETS - failCount, failCount });
}, 120_000);

test('a reserved campaign starts by its schedule, and one that is withdrawn loses its own', async () => {
  await load('2', new Date(Date.now() + 20_000));
  await load('3', new Date(Date.now() + 86_400_000));
  await reconcile();
  expect(await reservations()).toHaveLength(2);

  expect(await ask('POST', '/api/v1/campaigns/3/stop', { reason: 'not now' })).toMatchObject({
    status: 200,
    body: { outcome: 'withdrawn' },
  });
  await reconcile();
  expect(await reservations()).toHaveLength(1);
  await comesTo('2', { phase: 'completed', runNumber: 1 });
}, 120_000);

test('a message that the queue gave up on is looked up among the targets, and gone', async () => {
  const [[target]] = await db.query<RowDataPacket[]>(
    'SELECT CAST(MIN(point_target_id) AS CHAR) AS id FROM campaign_promotion_point_targets WHERE promotion_id = 1',
  );
  const QueueUrl = `${world.runtime.endpoints.sqs}/000000000000/grantline-dev-grants-dead-letter.fifo`;
  const sqs = new SQSClient(settings('sqs'));
  await sqs.send(
    new SendMessageCommand({
      QueueUrl,
      MessageBody: JSON.stringify(messageOf(String(target?.['id']))),
      MessageGroupId: 'customer',
      MessageDeduplicationId: 'given up',
    }),
  );

  const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  await vi.waitFor(
    async () => {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
      );
      expect(AttributeNames.map((name) => Attributes?.[name])).toEqual(['0', '0']);
    },
    { timeout: 20_000, interval: 200 },
  );
}, 60_000);

/** The table is what the job's plan reads first: while it is locked the job runs. */
test.each([
  ['point-sync', 'PointSyncArn', 'point_balances', {}],
  ['coupon-usage-stats', 'CouponUsageStatsArn', 'coupon_histories', {}],
  ['coupon-usage-stats-fcm-send', 'CouponUsageStatsFcmSendArn', 'coupon_usage_stats', { targetHour: 0 }],
])(
  '%s is started by the API, and refused while it runs for the same day, whoever started it',
  async (jobName, output, table, input) => {
    const machine = jobMachine(world.runtime.endpoints.stepFunctions, world.output(output));
    const runDate = inSeoul(new Date()).slice(0, 10);
    const start = `/api/v1/jobs/${jobName}?runDate=${runDate}${'targetHour' in input ? '&targetHour=0' : ''}`;
    const locking = await db.getConnection();
    try {
      await locking.query(`LOCK TABLES ${table} WRITE`);
      const first = await machine.start({ runDate, ...input });
      await vi.waitFor(async () => expect(await runsOf(jobName)).toEqual(['RUNNING']), { timeout: 30_000 });

      expect(await ask('POST', start)).toMatchObject({ status: 409 });
      const second = await machine.ended(await machine.start({ runDate, ...input }));
      expect(second).toMatchObject({ status: 'FAILED', error: JOB_REFUSED });

      await locking.query('UNLOCK TABLES');
      expect(await machine.ended(first)).toMatchObject({ status: 'SUCCEEDED' });
      expect(await ask('POST', start)).toMatchObject({ status: 202, body: { outcome: 'started' } });
      await vi.waitFor(async () => expect(await runsOf(jobName)).toEqual(['COMPLETED', 'COMPLETED']), {
        timeout: 30_000,
      });
    } finally {
      locking.release();
      machine.close();
    }
  },
  120_000,
);

function messageOf(targetId: string): GrantMessage {
  return {
    topic: TOPICS.POINT,
    version: GRANT_MESSAGE_VERSION,
    sentAt: '2026-11-21T12:00:00',
    payload: {
      eventId: '1',
      customerUid: '100000000',
      amount: '1000.00',
      reason: 'given up',
      partitionKey: '100000000',
      pointEventTargetId: targetId,
      expiryAt: '20300630235959',
    },
  };
}

async function runsOf(jobName: string): Promise<string[]> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT run_status AS status FROM job_runs WHERE job_name = ? ORDER BY job_run_id',
    [jobName],
  );
  return rows.map((row) => String(row['status']));
}

test('what is open says how it is, and what it can do', async () => {
  expect(await ask('GET', '/actuator/health')).toMatchObject({ status: 200, body: { status: 'UP' } });
  expect(await ask('GET', '/actuator/prometheus')).toMatchObject({ status: 200 });
});
