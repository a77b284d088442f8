/** Pays the queued grants under BullMQ's own limiter: a process of its own. */
import { UnrecoverableError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import { createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import { Pool as HttpPool } from 'undici';
import * as z from 'zod';
import { classify } from '../../../lambdas/campaign-grant/domain/outcome.ts';
import type { GrantOutcome, MoneyAnswer } from '../../../lambdas/campaign-grant/domain/outcome.ts';
import { JOB_OPTIONS, QUEUE, grantJob, peerOptions, redisConnection } from './campaign.ts';
import type { GrantJob, PeerOptions } from './campaign.ts';
import { ResultWriter } from './result-writer.ts';

/** Calls under way: enough for 1,000 a second of which a hundredth takes a second. */
const CONCURRENCY = 200;
const TIMEOUT_MS = 3_000;
const STATUS_VALID_MS = 1_000;

const statusRows = z.tuple([z.array(z.object({ status: z.string() })).min(1), z.unknown()]);

process.on('disconnect', () => process.exit(0));
process.once('message', (raw) => {
  const worker = start(peerOptions.parse(raw));
  void worker.waitUntilReady().then(() => process.send?.('ready'));
});

function start({ databaseUrl, redisUrl, money, ceiling }: PeerOptions): Worker {
  const db = createPool({ uri: databaseUrl, connectionLimit: 4, decimalNumbers: false });
  const http = new HttpPool(money.url, { connections: CONCURRENCY, pipelining: 1 });
  const results = new ResultWriter(db);
  const isPaying = statusOf(db);
  let settled = 0;
  const pay = async (job: Job<GrantJob>) => {
    const { promotionId, targetId, body } = grantJob.parse(job.data);
    if (!(await isPaying(promotionId))) throw new UnrecoverableError('the campaign is not IN_PROGRESS');
    const outcome = classify(await call(http, money.apiKey, job.id ?? '', body));
    const attemptCount = job.attemptsMade + 1;
    if (outcome.kind === 'transient' && attemptCount < JOB_OPTIONS.attempts) throw new Error(outcome.code);
    await results.write({ targetId, promotionId, attemptCount, ...resultOf(outcome) });
    settled += 1;
    if (settled % 50 === 0) report();
  };
  const report = () => process.send?.({ settled });
  // The last few of a campaign are no full fifty.
  setInterval(report, 200);
  return new Worker(QUEUE, pay, {
    connection: redisConnection(redisUrl),
    concurrency: CONCURRENCY,
    ...(ceiling === undefined ? {} : { limiter: { max: ceiling, duration: 1_000 } }),
  });
}

async function call(
  http: HttpPool,
  apiKey: string,
  key: string,
  body: GrantJob['body'],
): Promise<MoneyAnswer> {
  try {
    const response = await http.request({
      path: '/v1/grants/points',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey, 'idempotency-key': key },
      body: JSON.stringify(body),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    return { kind: 'answered', status: response.statusCode, body: await response.body.text() };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: 'unanswered', cause: /timeout/i.test(detail) ? 'TIMEOUT' : 'CONNECTION', detail };
  }
}

function resultOf(outcome: GrantOutcome) {
  return outcome.kind === 'granted'
    ? ({ processStatus: 'SUCCESS', transactionKey: outcome.transactionKey, errorMessage: null } as const)
    : ({ processStatus: 'FAILED', transactionKey: null, errorMessage: outcome.code } as const);
}

/** A stopped campaign is seen within a second, as Grantline sees it. */
function statusOf(db: Pool): (promotionId: string) => Promise<boolean> {
  const readings = new Map<string, { at: number; isPaying: Promise<boolean> }>();
  const read = async (promotionId: string) => {
    const [[row]] = statusRows.parse(
      await db.query('SELECT promotion_status AS status FROM campaign_promotions WHERE promotion_id = ?', [
        promotionId,
      ]),
    );
    return row?.status === 'IN_PROGRESS';
  };
  return (promotionId) => {
    const known = readings.get(promotionId);
    if (known !== undefined && performance.now() - known.at < STATUS_VALID_MS) return known.isPaying;
    const reading = { at: performance.now(), isPaying: read(promotionId) };
    readings.set(promotionId, reading);
    return reading.isPaying;
  };
}
