import { describe, expect, it } from 'vitest';
import { finishCampaign } from '../../../lambdas/campaign-grant/app/finish-campaign.ts';
import type { GrantResult } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import type { PromotionKey } from '../../../lambdas/campaign-grant/ports.ts';
import { insertTargets } from '../../support/campaign-database.ts';
import { EXECUTION, useCampaignWorld } from '../../support/campaign-world.ts';
import type { Campaign, PreparedOverrides } from '../../support/campaign-world.ts';
import { START_MS, failingAt, losingAnswerOf, summaryOf, targetsOf } from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;

const world = useCampaignWorld();

/** IN_PROGRESS, all targets PUBLISHED: the statuses of their results in order, null for none. */
async function makeCampaign(
  statuses: readonly (GrantResult['processStatus'] | null)[],
  overrides: PreparedOverrides = {},
): Promise<Campaign> {
  const campaign = await world.publish({ targetCount: statuses.length, amount: '1000.10', ...overrides });
  for (const [index, status] of statuses.entries()) {
    const before = statuses.slice(0, index).map(() => null);
    await world.recordResults(campaign, [...before, status], { attemptCount: index + 1 });
  }
  return campaign;
}

async function runOf({ promotionId }: PromotionKey): Promise<unknown> {
  const [rows] = await world.sql.query(
    'SELECT outcome, CAST(ended_at AS CHAR) AS endedAt FROM campaign_runs WHERE promotion_id = ?',
    [promotionId],
  );
  return rows;
}

describe.each(TYPES)('a %s campaign whose targets are all final', (type) => {
  it('is COMPLETED, partial failures and all, with counts and amount from the rows', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'SUCCESS', 'FAILED'], { type });
    const { run } = campaign;
    const services = world.services();
    services.counters.set(run.summaryId, { successCount: 99 });
    const counts = { publishedCount: 3, successCount: 2, failCount: 1, retrySuccessCount: 1 };

    const output = await finishCampaign(services, { run });

    expect(output).toEqual({
      again: false,
      outcome: 'COMPLETED',
      totalCount: 3,
      ...counts,
      grantedAmount: '2000.20',
    });
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('COMPLETED');
    expect(await summaryOf(world.sql, campaign)).toEqual({
      ...counts,
      completedAt: '2026-11-21 12:00:00',
      stoppedAt: null,
      stoppedMemo: null,
    });
    expect(await services.counters.read(run.summaryId)).toEqual(counts);
    expect(await runOf(campaign)).toEqual([{ outcome: 'COMPLETED', endedAt: '2026-11-21 12:00:00' }]);
  });
});

describe('a campaign whose execution failed', () => {
  it('is FAILED with what the machine caught as its memo, and what is unpaid is PENDING', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'RETRYING', null]);
    const error = { Error: 'States.TaskFailed', Cause: 'the queue is gone' };

    const output = await finishCampaign(world.services(), { run: campaign.run, error });

    expect(output).toMatchObject({ outcome: 'FAILED', publishedCount: 1, successCount: 1 });
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      stoppedMemo: 'States.TaskFailed: the queue is gone',
      stoppedAt: '2026-11-21 12:00:00',
      completedAt: null,
    });
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { publishStatus: 'PUBLISHED', processStatus: 'SUCCESS' },
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
      { publishStatus: 'PENDING', processStatus: null },
    ]);
    expect(await runOf(campaign)).toMatchObject([{ outcome: 'FAILED' }]);
  });

  it('with a cause of many pages keeps its beginning', async () => {
    const campaign = await makeCampaign([null]);
    const error = { Error: 'E', Cause: '길'.repeat(2_000) };

    await finishCampaign(world.services(), { run: campaign.run, error });

    expect((await summaryOf(world.sql, campaign))?.stoppedMemo).toBe(`E: ${'길'.repeat(497)}`);
  });
});

describe('a campaign that was stopped', () => {
  it('stays STOPPED with its memo, and what is unpaid is PENDING', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'FAILED', 'RETRYING', null]);
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);

    const output = await finishCampaign(world.services(), { run: campaign.run });

    expect(output).toMatchObject({ outcome: 'STOPPED', publishedCount: 2, successCount: 1, failCount: 1 });
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('STOPPED');
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      stoppedMemo: 'lunch',
      completedAt: null,
    });
    expect((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PUBLISHED',
      'PUBLISHED',
      'PENDING',
      'PENDING',
    ]);
    expect(await runOf(campaign)).toMatchObject([{ outcome: 'STOPPED' }]);
  });

  it('stays STOPPED with its memo although its execution then failed', async () => {
    const campaign = await makeCampaign([null]);
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    const error = { Error: 'States.Runtime', Cause: '' };

    const output = await finishCampaign(world.services(), { run: campaign.run, error });

    expect(output.outcome).toBe('STOPPED');
    expect(await summaryOf(world.sql, campaign)).toMatchObject({ stoppedMemo: 'lunch' });
  });
});

describe('running it twice', () => {
  it.each<[string, (campaign: Campaign) => Promise<unknown>, { Error: string; Cause: string } | undefined]>([
    ['COMPLETED', () => Promise.resolve(), undefined],
    ['FAILED', () => Promise.resolve(), { Error: 'E', Cause: 'C' }],
    ['STOPPED', ({ promotionId }) => world.store.stopCampaign(promotionId, 'lunch', START_MS), undefined],
  ])('is the same for a campaign that is %s', async (_outcome, before, error) => {
    const campaign = await makeCampaign(['SUCCESS', 'FAILED']);
    await before(campaign);
    const services = world.services();
    const first = await finishCampaign(services, { run: campaign.run, error });
    const after = [
      await summaryOf(world.sql, campaign),
      await targetsOf(world.sql, campaign),
      await runOf(campaign),
    ];
    services.clock.advance(60);

    const second = await finishCampaign(services, { run: campaign.run, error });

    expect(second).toEqual(first);
    expect([
      await summaryOf(world.sql, campaign),
      await targetsOf(world.sql, campaign),
      await runOf(campaign),
    ]).toEqual(after);
  });

  it('ends what a death in between began', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'FAILED']);
    const services = world.services();
    const dying = { ...services, store: failingAt(services.store, 'countPublished') };
    await expect(finishCampaign(dying, { run: campaign.run })).rejects.toThrow();

    const output = await finishCampaign(dying, { run: campaign.run });

    expect(output).toMatchObject({ outcome: 'COMPLETED', successCount: 1, failCount: 1 });
    expect(await summaryOf(world.sql, campaign)).toMatchObject({
      successCount: 1,
      completedAt: '2026-11-21 12:00:00',
    });
  });

  it('returns what is unpaid when the stop’s end was recorded and its answer was lost', async () => {
    const campaign = await makeCampaign(['SUCCESS', null]);
    await world.store.stopCampaign(campaign.promotionId, 'lunch', START_MS);
    const services = world.services();
    const lossy = { ...services, store: losingAnswerOf(services.store, 'finishRun') };
    await expect(finishCampaign(lossy, { run: campaign.run })).rejects.toThrow('the answer was lost');

    await finishCampaign(lossy, { run: campaign.run });

    expect((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PUBLISHED',
      'PENDING',
    ]);
  });
});

describe('a campaign that is not all final', () => {
  it.each<[string, readonly (GrantResult['processStatus'] | null)[]]>([
    ['RETRYING', ['SUCCESS', 'RETRYING']],
    ['without a result', ['SUCCESS', null]],
  ])('because a target is %s goes into another pass', async (_name, statuses) => {
    const campaign = await makeCampaign(statuses);
    const services = world.services();

    const output = await finishCampaign(services, { run: campaign.run });

    expect(output).toMatchObject({ again: true, outcome: 'IN_PROGRESS', totalCount: 2, successCount: 1 });
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('IN_PROGRESS');
    expect(await runOf(campaign)).toEqual([{ outcome: null, endedAt: null }]);
    expect(await summaryOf(world.sql, campaign)).toMatchObject({ completedAt: null, successCount: 1 });
  });

  it('because targets were added late goes into another pass', async () => {
    const campaign = await makeCampaign(['SUCCESS']);
    await insertTargets(world.sql, campaign, 1);

    const output = await finishCampaign(world.services(), { run: campaign.run });

    expect(output).toMatchObject({ again: true, totalCount: 2 });
  });

  it('is FAILED all the same when the machine caught an error', async () => {
    const campaign = await makeCampaign(['SUCCESS', 'RETRYING']);

    const output = await finishCampaign(world.services(), {
      run: campaign.run,
      error: { Error: 'E', Cause: 'C' },
    });

    expect(output).toMatchObject({ again: false, outcome: 'FAILED' });
  });

  it('asks for one more pass however often its end is asked for', async () => {
    const campaign = await makeCampaign(['SUCCESS', null]);
    const services = world.services();

    const first = await finishCampaign(services, { run: campaign.run });

    expect(await finishCampaign(services, { run: campaign.run })).toEqual(first);
  });
});

describe('a run that another execution has taken over from', () => {
  it.each([
    ['finishes', undefined],
    ['fails', { Error: 'States.TaskFailed', Cause: 'old' }],
  ])('changes nothing when it %s: the newer run goes on', async (_name, error) => {
    const campaign = await makeCampaign(['SUCCESS', null]);
    const from = { latestExecutionId: EXECUTION, runNumber: 1 };
    await world.beginRun(campaign, { executionId: 'recovery', from });

    const output = await finishCampaign(world.services(), { run: campaign.run, error });

    expect(output.again).toBe(false);
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('IN_PROGRESS');
    expect((await targetsOf(world.sql, campaign)).map((target) => target.publishStatus)).toEqual([
      'PUBLISHED',
      'PUBLISHED',
    ]);
  });
});

describe('dead letters', () => {
  /** All targets FAILED, each with a dead letter of its own cause. */
  async function makeFailed(causes: readonly { cause: string; transient: boolean }[]): Promise<Campaign> {
    const campaign = await makeCampaign(causes.map(() => 'FAILED' as const));
    await world.recordDeadLetters(campaign, causes);
    return campaign;
  }
  const OUTAGE = { cause: 'HTTP_503', transient: true };
  const REJECTION = { cause: 'ACCOUNT_CLOSED', transient: false };

  it('with a transient cause are paid in another pass with fresh attempts, rejections are not', async () => {
    const campaign = await makeFailed([OUTAGE, REJECTION, { cause: 'RECEIVES_EXHAUSTED', transient: true }]);

    const output = await finishCampaign(world.services(), { run: campaign.run });

    expect(output).toMatchObject({ again: true, outcome: 'IN_PROGRESS', failCount: 1 });
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
      { publishStatus: 'PUBLISHED', processStatus: 'FAILED' },
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
    ]);
  });

  it('are redriven once: what fails again is left to a person', async () => {
    const campaign = await makeFailed([OUTAGE]);
    const services = world.services();
    expect((await finishCampaign(services, { run: campaign.run })).again).toBe(true);
    const from = { latestExecutionId: EXECUTION, runNumber: 1 };
    const run = await world.beginRun(campaign, { from });
    await world.store.markPublished(campaign, campaign.ids, services.clock.now());
    await world.recordResults(campaign, ['FAILED'], { attemptCount: 6 });
    await world.recordDeadLetters(campaign, [OUTAGE]);

    const output = await finishCampaign(services, { run });

    expect(output).toMatchObject({ again: false, outcome: 'COMPLETED', failCount: 1 });
  });

  it('of rejections alone leave the campaign COMPLETED', async () => {
    const campaign = await makeFailed([REJECTION, { cause: 'UNKNOWN_TARGET', transient: false }]);

    const output = await finishCampaign(world.services(), { run: campaign.run });

    expect(output).toMatchObject({ again: false, outcome: 'COMPLETED', failCount: 2 });
  });

  it('are left alone while others of the campaign are at work', async () => {
    const campaign = await makeCampaign(['FAILED', null]);
    await world.recordDeadLetters(campaign, [OUTAGE]);

    const output = await finishCampaign(world.services(), { run: campaign.run });

    expect(output).toMatchObject({ again: true, failCount: 1 });
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { processStatus: 'FAILED' },
      { processStatus: null },
    ]);
  });

  it('of a campaign that was stopped, or failed, are not redriven', async () => {
    const stopped = await makeFailed([OUTAGE]);
    await world.store.stopCampaign(stopped.promotionId, 'lunch', START_MS);
    await finishCampaign(world.services(), { run: stopped.run });
    const failed = await makeFailed([OUTAGE]);
    await finishCampaign(world.services(), { run: failed.run, error: { Error: 'E', Cause: 'C' } });

    for (const campaign of [stopped, failed]) {
      expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: 'FAILED' }]);
    }
  });

  it('whose target was paid since are not redriven', async () => {
    const campaign = await makeCampaign(['SUCCESS']);
    await world.recordDeadLetters(campaign, [OUTAGE]);

    const output = await finishCampaign(world.services(), { run: campaign.run });

    expect(output).toMatchObject({ again: false, outcome: 'COMPLETED', successCount: 1 });
  });

  it('are redriven though the answer of their redrive was lost', async () => {
    const campaign = await makeFailed([OUTAGE]);
    const services = world.services();
    const lossy = { ...services, store: losingAnswerOf(services.store, 'redriveTransient') };
    await expect(finishCampaign(lossy, { run: campaign.run })).rejects.toThrow('the answer was lost');

    const output = await finishCampaign(lossy, { run: campaign.run });

    expect(output.again).toBe(true);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{ processStatus: 'PENDING' }]);
  });
});
