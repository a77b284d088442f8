/** `grantline plan` as its user runs it: a process of its own, its output and its exit code. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readCampaignTargets } from '../../../cli/plan/plan-campaign.ts';
import { readBusiestCustomer, readDuplicateVouchers } from '../../../cli/plan/read-duplicates.ts';
import { RUNTIME_FILE, writeRuntimeFile } from '../../../cli/where/runtime-file.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';

const LAUNCHER = fileURLToPath(new URL('../../../cli/launcher/grantline.js', import.meta.url));

let database: CampaignDatabase;
/** A folder in which a runtime runs, as far as the CLI can see. */
let folder: string;
/** One in which none does. */
let elsewhere: string;

beforeAll(async () => {
  [database, folder, elsewhere] = await Promise.all([
    startCampaignDatabase(),
    mkdtemp(join(tmpdir(), 'grantline-plan-')),
    mkdtemp(join(tmpdir(), 'grantline-plan-')),
  ]);
  const endpoint = await database.client.config.endpoint?.();
  const rdsData = `http://${endpoint?.hostname ?? ''}:${endpoint?.port ?? ''}`;
  const url = 'http://127.0.0.1:9';
  await writeRuntimeFile(join(folder, RUNTIME_FILE), {
    pid: process.pid,
    startedAt: '2026-11-21T03:00:00.000Z',
    region: 'ap-northeast-2',
    endpoints: {
      sqs: url,
      rdsData,
      lambda: url,
      stepFunctions: url,
      scheduler: url,
      secretsManager: url,
      sns: url,
      cloudwatch: url,
    },
    moneyApi: { url, isStandIn: true },
    outputs: {
      DatabaseResourceArn: 'arn:aws:rds:ap-northeast-2:000000000000:cluster:test',
      DatabaseSecretArn: 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:test',
      DatabaseName: 'grantline',
    },
  });
});
afterAll(async () => {
  await database.close();
  await Promise.all([folder, elsewhere].map((path) => rm(path, { recursive: true, force: true })));
});

const failure = z.object({ code: z.number() });

function grantline(
  args: readonly string[],
  cwd = folder,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...args], { cwd }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : failure.parse(error).code, stdout, stderr });
    });
  });
}

type Columns = Readonly<Record<string, string | null>>;

/** Targets as the columns say, each of a customer of its own but for what is said. */
async function insertThese(
  key: { promotionId: string; promotionType: 'VOUCHER' | 'POINT' },
  rows: readonly Columns[],
): Promise<string[]> {
  const ids = await insertTargets(database.sql, key, rows.length);
  const kind = key.promotionType === 'VOUCHER' ? 'voucher' : 'point';
  for (const [index, columns] of rows.entries()) {
    if (Object.keys(columns).length === 0) continue;
    await database.sql.query(`UPDATE campaign_promotion_${kind}_targets SET ? WHERE ${kind}_target_id = ?`, [
      columns,
      ids[index],
    ]);
  }
  return ids;
}

async function settle(
  kind: 'voucher' | 'point',
  promotionId: string,
  id: string | undefined,
  status: string,
) {
  await database.sql.query(
    `INSERT INTO campaign_promotion_${kind}_results (${kind}_target_id, promotion_id, process_status) VALUES (?)`,
    [[id, promotionId, status]],
  );
  await database.sql.query(
    `UPDATE campaign_promotion_${kind}_targets SET publish_status = 'PUBLISHED' WHERE ${kind}_target_id = ?`,
    [id],
  );
}

/** One of each: ten that can be paid, six that cannot, three that are settled or on the way. */
async function mixedCampaign(): Promise<{ promotionId: string; ids: readonly string[] }> {
  const key = await insertPromotion(database.sql, { totalAmount: '100000.00' });
  const ids = await insertThese(key, [
    {},
    { amount: null },
    { reason: null },
    { reason: '  ' },
    { expired_at: null },
    { amount: '0.01' },
    { voucher_number: 'TWICE' },
    { voucher_number: 'TWICE' },
    { voucher_number: 'twice' },
    { voucher_number: 'THRICE', customer_uid: '77' },
    { voucher_number: 'THRICE', customer_uid: '77', amount: '-5.00' },
    { voucher_number: 'THRICE', customer_uid: '77', amount: '0.00' },
    { customer_uid: '0' },
    { expired_at: '2030-02-30' },
    { voucher_number: null },
    { voucher_number: ' ' },
    {},
    {},
    {},
  ]);
  await settle('voucher', key.promotionId, ids[16], 'SUCCESS');
  await settle('voucher', key.promotionId, ids[17], 'FAILED');
  await settle('voucher', key.promotionId, ids[18], 'RETRYING');
  return { promotionId: key.promotionId, ids };
}

const targetFigures = (promotionId: string) => readCampaignTargets(database.db, promotionId, () => undefined);

describe('the targets of a campaign', () => {
  it('are reported exactly, with each kind of problem, duplicates and defaults', async () => {
    const { promotionId, ids } = await mixedCampaign();

    expect(await targetFigures(promotionId)).toEqual({
      promotionId,
      promotionType: 'VOUCHER',
      status: 'READY',
      total: 19,
      alreadyGranted: 1,
      alreadyFailed: 1,
      toPay: 11,
      // Nine of 1000, one default of 500, one hundredth.
      amount: '9500.01',
      plannedAmount: '15500.01',
      byDefault: { amount: 1, reason: 2, expiry: 1 },
      problems: [
        { reason: 'INVALID_AMOUNT: the amount is not positive', count: 2, examples: [ids[10], ids[11]] },
        { reason: 'INVALID_VOUCHER: voucher_number is missing', count: 2, examples: [ids[14], ids[15]] },
        { reason: 'INVALID_CUSTOMER: customer_uid is not positive', count: 1, examples: [ids[12]] },
        {
          reason: 'INVALID_EXPIRY: expired_at is not a date of the form yyyy-MM-dd',
          count: 1,
          examples: [ids[13]],
        },
      ],
      totalAmount: '100000.00',
      isOverBudget: false,
      duplicateVouchers: {
        numbers: 2,
        targets: 5,
        examples: [
          { voucherNumber: 'THRICE', targets: 3 },
          { voucherNumber: 'TWICE', targets: 2 },
        ],
      },
      busiestCustomer: { customerUid: '77', targets: 3 },
    });
  });

  it('lack what the promotion does not say either', async () => {
    const key = await insertPromotion(database.sql, { type: 'POINT', totalAmount: '1500.00' });
    await database.sql.query(
      `UPDATE campaign_promotions SET default_amount = NULL, default_reason = NULL, default_expiry_at = NULL
       WHERE promotion_id = ?`,
      [key.promotionId],
    );
    const ids = await insertThese(key, [{ amount: null }, { reason: '' }, { expired_at: null }, {}]);

    const figures = await targetFigures(key.promotionId);

    expect(figures.problems.map(({ reason, examples }) => [reason, ...examples])).toEqual([
      ['INVALID_AMOUNT: neither the target nor the promotion has an amount', ids[0]],
      ['INVALID_EXPIRY: neither the target nor the promotion has an expiry', ids[2]],
      ['INVALID_REASON: neither the target nor the promotion has a reason', ids[1]],
    ]);
    expect(figures).toMatchObject({ toPay: 1, duplicateVouchers: null, isOverBudget: true });
  });

  it('are held to the frozen defaults, and read over more than a page', async () => {
    const key = await insertPromotion(database.sql, { type: 'POINT' });
    await insertTargets(database.sql, key, 2_500, null);
    await database.sql.query(
      `INSERT INTO campaign_frozen_defaults (promotion_id, default_amount, frozen_at)
       VALUES (?, 0.01, '2026-11-01 12:00:00')`,
      [key.promotionId],
    );

    expect(await targetFigures(key.promotionId)).toMatchObject({
      total: 2_500,
      toPay: 2_500,
      amount: '25.00',
      byDefault: { amount: 2_500, reason: 0, expiry: 0 },
    });
  });

  it('share what they share, in however many slices the database is asked', async () => {
    const key = await insertPromotion(database.sql);
    // Customers that do not exist are more, and keep nobody waiting.
    await insertThese(key, [
      ...['A', 'A', 'B', 'B', 'B', 'C'].map((number) => ({ voucher_number: number, customer_uid: '5' })),
      ...Array.from({ length: 7 }, () => ({ customer_uid: '0' })),
    ]);

    for (const targetCount of [13, 20_000_000]) {
      expect(await readDuplicateVouchers(database.db, key, targetCount)).toEqual({
        numbers: 2,
        targets: 5,
        examples: [
          { voucherNumber: 'B', targets: 3 },
          { voucherNumber: 'A', targets: 2 },
        ],
      });
      expect(await readBusiestCustomer(database.db, key, targetCount)).toEqual({
        customerUid: '5',
        targets: 6,
      });
    }
  });

  it('may be none', async () => {
    const { promotionId } = await insertPromotion(database.sql);

    expect(await targetFigures(promotionId)).toMatchObject({ total: 0, toPay: 0, busiestCustomer: null });
  });
});

const printed = z.object({
  targets: z.object({ toPay: z.int(), amount: z.string() }).nullable(),
  work: z.object({ remaining: z.int(), toPay: z.int(), mostOfOneCustomer: z.int() }),
  duration: z.object({ totalSeconds: z.number(), bound: z.string() }),
  costUsd: z.object({ total: z.number(), aurora: z.number() }),
  first: z.string(),
  prices: z.object({ date: z.string() }),
});

describe('grantline plan', () => {
  it('prints the sections of a promotion', async () => {
    const { promotionId } = await mixedCampaign();

    const { exitCode, stdout, stderr } = await grantline(['plan', promotionId, '--local']);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(
      `promotion ${promotionId}: VOUCHER, READY, 19 targets, 1,000 TPS, configuration of dev`,
    );
    expect(lines).toContain('  to be paid        11, together 9500.01');
    expect(stdout).toContain('2 ARE SHARED by 5 targets: THRICE (3 targets), TWICE (2 targets)\n');
    expect(stdout).toContain('3 targets at most (customer 77)');
    expect(lines.filter((line) => /^(Targets|Run|AWS calls|Quotas)/.test(line))).toHaveLength(4);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(180);
  });

  it('--json prints one object', async () => {
    const { promotionId } = await mixedCampaign();

    const { stdout } = await grantline(['plan', promotionId, '--local', '--json']);

    const json = printed.parse(JSON.parse(stdout));
    expect(json).toMatchObject({
      targets: { toPay: 11, amount: '9500.01' },
      work: { remaining: 17, toPay: 11, mostOfOneCustomer: 3 },
    });
  });

  it('plans without data and without any runtime', async () => {
    const args = ['plan', '--targets', '100000000', '--type', 'point', '--tps', '50000'];
    const [text, json] = await Promise.all([
      grantline(args, elsewhere),
      grantline([...args, '--stage', 'prod', '--json'], elsewhere),
    ]);

    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toMatch(/^100,000,000 POINT targets, 50,000 TPS/);
    expect(text.stdout).toMatch(/\nSQS messages a second BINDS FIRST, at 24,600 TPS: /);
    expect(printed.parse(JSON.parse(json.stdout))).toMatchObject({
      targets: null,
      duration: { totalSeconds: 12_515, bound: 'publishing' },
      first: 'SQS messages a second',
    });
  });

  it('takes prices from a file', async () => {
    const path = join(elsewhere, 'prices.json');
    await writeFile(path, JSON.stringify({ date: '2027-01', aurora: { perCapacityUnitHour: 0 } }));

    const { stdout } = await grantline(['plan', '--targets', '10000', '--prices', path, '--json']);

    expect(printed.parse(JSON.parse(stdout))).toMatchObject({
      costUsd: { aurora: 0 },
      prices: { date: '2027-01' },
    });
  });

  it('says in one line what is wrong, and exits 2', { timeout: 60_000 }, async () => {
    const notJson = join(elsewhere, 'not.json');
    const unknownKey = join(elsewhere, 'unknown.json');
    await Promise.all([writeFile(notJson, 'prices'), writeFile(unknownKey, '{"sqs": {"perRequest": 1}}')]);
    const wholeTps = 'It must be a whole number from 2 to 1000000.';
    const wholeConcurrency = 'It must be a whole number from 2 to 1000.';
    const wholeTargets = 'It must be a whole number from 1 to 1000000000.';
    const cases: [string[], string][] = [
      [['--targets', '1', '--tps', '0'], wholeTps],
      [['--targets', '1', '--tps', '-5'], wholeTps],
      [['--targets', '1', '--tps', 'many'], wholeTps],
      [['--targets', '1', '--concurrency', '1'], wholeConcurrency],
      [['--targets', '1', '--concurrency', '1001'], wholeConcurrency],
      [
        ['--targets', '1', '--tps', '5', '--concurrency', '6'],
        'plan: stage dev: grants.concurrency: must not exceed money.tps: each environment sends at least one call a second',
      ],
      [['--targets', '0'], wholeTargets],
      [['--targets', '-1'], wholeTargets],
      [['--targets', '1e3'], wholeTargets],
      [['--targets', '1', '--latency', '3001'], 'It must be a whole number from 0 to 3000.'],
      [['--targets', '1', '--slow', '2@100'], 'e.g. 0.01@1000.'],
      [
        ['--targets', '1', '--stage', 'qa'],
        'plan: context: stage: Invalid option: expected one of "dev"|"staging"|"prod"',
      ],
      [['7', '--local', '--targets', '1'], 'plan: say either a promotion or --targets, not both'],
      [[], 'plan: say what to plan: a promotion, or --targets <count> without any data'],
      [['7', '--local', '--type', 'point'], 'plan: --type goes with --targets: a promotion has its own'],
      [['7'], 'plan: say where to look: --local, or --stage <name> for AWS'],
      [['seven', '--local'], 'It must be a number, the promotion_id.'],
      [['--targets', '1', '--prices', '/nowhere.json'], '/nowhere.json cannot be read: there is none'],
      [['--targets', '1', '--prices', notJson], `the price file ${notJson} is not JSON`],
      [['--targets', '1', '--prices', unknownKey], `${unknownKey}: sqs: Unrecognized key: "perRequest"`],
    ];

    for (const [args, message] of cases) {
      const { exitCode, stdout, stderr } = await grantline(['plan', ...args]);
      expect({ args, exitCode, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
        args,
        exitCode: 2,
        stdout: '',
        lines: 1,
      });
      expect(stderr.trimEnd().endsWith(message), stderr).toBe(true);
    }
  });

  it('refuses a promotion that does not exist, with the 1 that every command has for it', async () => {
    expect(await grantline(['plan', '999999999', '--local'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'grantline: plan: promotion 999999999 does not exist\n',
    });
  });

  it('is helped with examples and the exit codes', async () => {
    const { exitCode, stdout } = await grantline(['plan', '--help']);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('npx grantline plan 7 --local');
    expect(stdout).toMatch(/0 {2}it is planned.*\n {2}1 {2}.*\n {2}2 {2}/);
  });
});
