/** A campaign that is stopped and resumed on the local runtime, by every way that an operator has, and what people are told. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { createPool } from 'mysql2/promise';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { checkCampaign } from '../../demo/campaigns/check.ts';
import { readLedger } from '../../demo/campaigns/ledger.ts';
import { loadPromotion } from '../../demo/campaigns/load.ts';
import type { DemoPromotion } from '../../demo/campaigns/load.ts';
import { synthesise } from '../../demo/synthesise.ts';
import { startWorld } from '../../demo/world.ts';
import type { World } from '../../demo/world.ts';
import { moneyApiStats } from '../../stand-ins/money-api/stats.ts';

const TARGETS = 3_000;
const TPS = 500;
const SEED = 1;

let directory: string;
let world: World;
let db: Pool;
let sfn: SFNClient;
let isClosed = false;
const reported: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grantline-stop-'));
  world = await startWorld({
    dataDirectory: directory,
    environment: {},
    standIn: { ceiling: TPS, latencyMs: 200, seed: SEED },
    context: { moneyTps: TPS },
    report: (line) => reported.push(line),
  });
  db = createPool({ uri: world.outside.databaseUrl, connectionLimit: 2, decimalNumbers: false });
  sfn = new SFNClient({
    endpoint: world.runtime.endpoints.stepFunctions,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}, 120_000);

afterAll(async () => {
  sfn.destroy();
  await db.end();
  if (!isClosed) await world.close();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

async function load(promotionId: string): Promise<DemoPromotion> {
  return loadPromotion(db, { promotionId, promotionType: 'POINT', targets: TARGETS, seed: SEED });
}

async function start(input: object): Promise<string> {
  const stateMachineArn = world.output('CampaignRunArn');
  const { executionArn = '' } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
  );
  return executionArn;
}

async function ended(executionArn: string) {
  return waitUntil(async () => {
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return execution.status === 'RUNNING' ? undefined : execution;
  });
}

async function waitUntil<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function moneyStats() {
  return moneyApiStats.parse(await (await fetch(`${world.outside.money.url}/stats`)).json());
}

async function calledMoreThan(count: number): Promise<void> {
  await waitUntil(async () => ((await moneyStats()).arrived > count ? true : undefined));
}

const slackMessages = z.array(z.object({ text: z.string(), payload: z.unknown() }));

/** What Slack has been told in which one of `words` occurs, the oldest first. */
async function told(...words: string[]): Promise<string[]> {
  const { messagesUrl } = world.outside.slack;
  if (messagesUrl === undefined) throw new Error('Slack has no stand-in');
  const messages = slackMessages.parse(await (await fetch(messagesUrl)).json());
  return messages.map(({ text }) => text).filter((text) => words.some((word) => text.includes(word)));
}

async function controlMoney(control: object): Promise<void> {
  const response = await fetch(`${world.outside.money.url}/control`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(control),
  });
  if (!response.ok) throw new Error(`POST /control: ${response.status}`);
}

async function status(promotionId: string): Promise<string> {
  const [[row]] = await db.query<RowDataPacket[]>(
    'SELECT promotion_status AS status FROM campaign_promotions WHERE promotion_id = ?',
    [promotionId],
  );
  return String(row?.['status']);
}

async function unsettled(promotionId: string): Promise<Record<string, number>> {
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT t.publish_status AS publish, COALESCE(r.process_status, 'none') AS process, COUNT(*) AS count
     FROM campaign_promotion_point_targets t
     LEFT JOIN campaign_promotion_point_results r ON r.point_target_id = t.point_target_id
     WHERE t.promotion_id = ? GROUP BY 1, 2`,
    [promotionId],
  );
  return Object.fromEntries(
    rows.map((row) => [`${String(row['publish'])}/${String(row['process'])}`, Number(row['count'])]),
  );
}

async function expectVerified(promotion: DemoPromotion): Promise<void> {
  const { checks } = await checkCampaign(
    db,
    promotion,
    SEED,
    readLedger(`${world.outside.money.url}/ledger`),
  );
  expect(checks.filter((check) => !check.ok)).toEqual([]);
}

test('a stop by status sends nothing two seconds later, and a resume pays the rest and only the rest', async () => {
  const promotion = await load('7001');
  const { arrived } = await moneyStats();
  const execution = await start({ promotionId: '7001' });
  await calledMoreThan(arrived + 500);

  await db.query("UPDATE campaign_promotions SET promotion_status = 'STOPPED' WHERE promotion_id = 7001");
  const stoppedAt = Date.now();
  const { output } = await ended(execution);
  expect(JSON.parse(output ?? '{}')).toMatchObject({ outcome: 'STOPPED' });
  const { lastCallAt } = await moneyStats();
  expect((lastCallAt ?? 0) - stoppedAt).toBeLessThanOrEqual(2_000);

  // Messages that were still in the queue are acknowledged without a call.
  await waitUntil(async () => {
    const rows = await unsettled('7001');
    return Object.keys(rows).some((key) => key.includes('RETRYING') || key === 'PUBLISHED/none')
      ? undefined
      : true;
  });
  const callsWhenStopped = (await moneyStats()).arrived;

  // Whoever starts it without saying so resumes nothing: a schedule that fires late must not.
  const refused = await ended(await start({ promotionId: '7001' }));
  expect(refused).toMatchObject({ status: 'FAILED', error: 'CampaignRefused' });
  expect((await moneyStats()).arrived).toBe(callsWhenStopped);

  const resumed = await ended(await start({ promotionId: '7001', resume: true }));
  expect(JSON.parse(resumed.output ?? '{}')).toMatchObject({ outcome: 'COMPLETED', totalCount: TARGETS });
  await expectVerified(promotion);

  await waitUntil(async () => ((await told('캠페인 7001')).length >= 2 ? true : undefined));
  expect(await told('캠페인 7001')).toEqual([
    expect.stringContaining('중지되었습니다'),
    expect.stringContaining('완료되었습니다'),
  ]);

  const before = (await moneyStats()).arrived;
  const again = await ended(await start({ promotionId: '7001', resume: true }));
  expect(again).toMatchObject({ status: 'FAILED', error: 'CampaignRefused' });
  expect((await moneyStats()).arrived).toBe(before);
}, 120_000);

test('StopExecution leaves the campaign STOPPED with a memo; made READY again it goes on by itself', async () => {
  const promotion = await load('7002');
  const { arrived } = await moneyStats();
  const execution = await start({ promotionId: '7002' });
  await calledMoreThan(arrived + 500);

  await sfn.send(
    new StopExecutionCommand({
      executionArn: execution,
      error: 'Operator',
      cause: 'wrong amount in the list',
    }),
  );
  const stoppedAt = Date.now();
  await waitUntil(async () => ((await status('7002')) === 'STOPPED' ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(((await moneyStats()).lastCallAt ?? 0) - stoppedAt).toBeLessThanOrEqual(2_000);
  const [[summary]] = await db.query<RowDataPacket[]>(
    'SELECT stopped_memo AS memo, stopped_at AS stoppedAt FROM campaign_promotion_summary WHERE promotion_id = 7002',
  );
  expect(summary?.['memo']).toContain('wrong amount in the list');
  expect(summary?.['stoppedAt']).not.toBeNull();

  await db.query("UPDATE campaign_promotions SET promotion_status = 'READY' WHERE promotion_id = 7002");
  await waitUntil(async () => ((await status('7002')) === 'COMPLETED' ? true : undefined));
  await expectVerified(promotion);
}, 180_000);

test('an outage of the Money API pauses a campaign, costs nobody an attempt, and is told with its end', async () => {
  const promotion = await load('7003');
  const { arrived } = await moneyStats();
  const execution = await start({ promotionId: '7003' });
  await calledMoreThan(arrived + 500);

  await controlMoney({ down: true });
  await waitUntil(async () => ((await told('열림')).length > 0 ? true : undefined));
  await controlMoney({ down: false });
  const { output } = await ended(execution);

  expect(JSON.parse(output ?? '{}')).toMatchObject({ outcome: 'COMPLETED', totalCount: TARGETS });
  await expectVerified(promotion);
  await waitUntil(async () => ((await told('캠페인 7003')).length > 0 ? true : undefined));
  expect(await told('열림', '닫힘', '캠페인 7003')).toEqual([
    expect.stringMatching(/^\[긴급\].*열림/),
    expect.stringContaining('닫힘'),
    expect.stringContaining('완료되었습니다'),
  ]);
}, 180_000);

test('a deployment midway neither stops nor repeats a payment, and what comes after runs what was deployed', async () => {
  const pidsOf = () =>
    world.runtime
      .functionProcesses()
      .filter(({ functionName }) => functionName === 'grantline-dev-grant-rewards')
      .flatMap(({ pids }) => pids);
  // Other settings, so that every function of the pipeline is another.
  const next = join(directory, 'next');
  await synthesise(next, { moneyTps: TPS, pacingHeadroomSeconds: 0.05 });
  const promotion = await load('7004');
  const { arrived } = await moneyStats();
  const execution = await start({ promotionId: '7004' });
  await calledMoreThan(arrived + 500);
  const before = pidsOf();

  await world.runtime.deploy(next);
  const deployed = (await moneyStats()).arrived;
  await calledMoreThan(deployed + 200);
  const { output } = await ended(execution);

  expect(JSON.parse(output ?? '{}')).toMatchObject({ outcome: 'COMPLETED', totalCount: TARGETS });
  await expectVerified(promotion);

  const following = await load('7005');
  await ended(await start({ promotionId: '7005' }));
  await expectVerified(following);
  expect(pidsOf().filter((pid) => !before.includes(pid))).not.toEqual([]);
}, 180_000);

// The last: the world ends with it.
test('a right that is taken away is refused by the statement that is missing, and the run ends with an error', async () => {
  const next = join(directory, 'too-little');
  await cp(join(directory, 'cdk.out'), next, { recursive: true });
  await takeAway(next, 'CampaignRunFunctionsPublishPartitionRole', 'sqs:SendMessage');
  await load('7006');

  await world.runtime.deploy(next);
  await start({ promotionId: '7006' });
  const refusal =
    /^User: \S+ is not authorized to perform: sqs:SendMessage on resource: (\S+:grantline-dev-grants\.fifo) because .*; missing in Grantline-dev-CampaignGrant\/CampaignRunFunctionsPublishPartitionRole\w+: {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"\1"}$/;
  await waitUntil(() => Promise.resolve(reported.some((line) => refusal.test(line)) || undefined));

  isClosed = true;
  await expect(world.close()).rejects.toThrow(
    /^AWS would have refused so many calls: \d+, the first: User: .*sqs:SendMessage/,
  );
}, 120_000);

const policies = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Properties: z
        .looseObject({ PolicyDocument: z.looseObject({ Statement: z.unknown() }).optional() })
        .optional(),
    }),
  ),
});
const statements = z.array(z.looseObject({ Action: z.union([z.string(), z.array(z.string())]) }));

/** The action, out of the policy of a role of the campaign's stack. */
async function takeAway(assembly: string, role: string, action: string): Promise<void> {
  const file = join(assembly, 'Grantline-dev-CampaignGrant.template.json');
  const template = policies.parse(JSON.parse(await readFile(file, 'utf8')));
  const [policy] = Object.entries(template.Resources)
    .filter(([id]) => id.startsWith(`${role}DefaultPolicy`))
    .flatMap(([, { Properties }]) => Properties?.PolicyDocument ?? []);
  if (policy === undefined) throw new Error(`${role} has no policy`);
  policy.Statement = statements.parse(policy.Statement).map((statement) => ({
    ...statement,
    Action: [statement.Action].flat().filter((one) => one !== action),
  }));
  await writeFile(file, JSON.stringify(template));
}
