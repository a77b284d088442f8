import { describe, expect, it } from 'vitest';
import { beginCampaign } from '../../../lambdas/campaign-grant/app/begin-campaign.ts';
import { publishPartition } from '../../../lambdas/campaign-grant/app/publish-partition.ts';
import { reconcileCampaigns } from '../../../lambdas/campaign-grant/app/reconcile-campaigns.ts';
import { redriveDeadLetters } from '../../../lambdas/campaign-grant/app/redrive-dead-letters.ts';
import type { RedriveSelection } from '../../../lambdas/campaign-grant/ports.ts';
import { EXECUTION, pay, useCampaignWorld } from '../../support/campaign-world.ts';
import type { CampaignServices, PublishedCampaign } from '../../support/campaign-world.ts';
import {
  answers,
  deadLettersOf,
  losingAnswerOf,
  makeReceived,
  setStatus,
  targetsOf,
} from '../../support/fakes.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;
const OUTAGE = { cause: 'HTTP_503', transient: true };
const TIMEOUT = { cause: 'TIMEOUT', transient: true };
const CLOSED = { cause: 'ACCOUNT_CLOSED', transient: false };
const PLENTY = 900;

const world = useCampaignWorld();

/** COMPLETED: the first target paid, one FAILED with a dead letter for each of the causes. */
async function makeCompleted(
  causes: readonly { cause: string; transient: boolean }[],
  type: 'VOUCHER' | 'POINT' = 'VOUCHER',
): Promise<PublishedCampaign> {
  const campaign = await world.publish({ type, targetCount: causes.length + 1 });
  await world.recordResults(campaign, ['SUCCESS', ...causes.map(() => 'FAILED' as const)]);
  await world.recordDeadLetters(campaign, [null, ...causes]);
  await setStatus(world.sql, campaign, 'COMPLETED');
  return campaign;
}

function redrive(
  services: CampaignServices,
  { promotionId }: { promotionId: string },
  selection: RedriveSelection = {},
  seconds = PLENTY,
) {
  return redriveDeadLetters(services, { promotionId, ...selection }, services.clock.budget(seconds));
}

async function pendingOf(campaign: PublishedCampaign): Promise<number[]> {
  const looks = await targetsOf(world.sql, campaign);
  return looks.flatMap((target, index) => (target.publishStatus === 'PENDING' ? [index] : []));
}

/** Begins the next run, publishes, and pays what was published. */
async function runAgain(services: CampaignServices, campaign: PublishedCampaign, resume = false) {
  const { promotionId } = campaign;
  const begun = await beginCampaign(services, {
    executionId: 'again',
    input: { promotionId, ...(resume ? { resume } : {}) },
  });
  if (!begun.begun) throw new Error('another campaign pays');
  const sentBefore = services.queue.accepted.length;
  for (const partition of begun.partitions) {
    await publishPartition(services, { run: begun.run, partition }, services.clock.budget(PLENTY));
  }
  const sent = services.queue.accepted.slice(sentBefore);
  await pay(
    services,
    sent.map((grant) => makeReceived(grant.message)),
  );
  return sent.map((grant) => grant.targetId);
}

describe.each(TYPES)('dead letters of a COMPLETED %s campaign', (type) => {
  it('are PENDING again with fresh attempts, and the campaign is READY and started', async () => {
    const campaign = await makeCompleted([OUTAGE, CLOSED], type);
    const { promotionId } = campaign;
    const services = world.services();

    const output = await redrive(services, campaign);

    expect(output).toEqual({ done: true, redrivenCount: 2 });
    expect(await targetsOf(world.sql, campaign)).toMatchObject([
      { publishStatus: 'PUBLISHED', processStatus: 'SUCCESS' },
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
      { publishStatus: 'PENDING', processStatus: 'PENDING', attemptCount: 0 },
    ]);
    expect(await world.store.promotionStatus(promotionId)).toBe('READY');
    expect(services.runs.started).toEqual([
      { input: { promotionId }, executionName: `promotion-${promotionId}-run-2-unreserved` },
    ]);
  });

  it('are paid by the next run under the same keys, and nobody else is', async () => {
    const campaign = await makeCompleted([OUTAGE, CLOSED], type);
    const services = world.services();
    const [, , closed] = campaign.grants;
    if (closed !== undefined) services.money.script(closed, answers.rejected('ACCOUNT_CLOSED'));
    await redrive(services, campaign);

    const sent = await runAgain(services, campaign);

    expect(sent).toEqual(campaign.ids.slice(1));
    expect(services.money.requests.map((request) => request.idempotencyKey)).toEqual(
      campaign.ids.slice(1).map((id) => `${type}-${campaign.promotionId}-${id}`),
    );
    expect((await targetsOf(world.sql, campaign)).map((target) => target.processStatus)).toEqual([
      'SUCCESS',
      'SUCCESS',
      'FAILED',
    ]);
    // Rejected again: one dead letter still.
    expect(await deadLettersOf(world.sql, campaign)).toHaveLength(2);
  });
});

describe('a selection', () => {
  it('by causes takes those and no others', async () => {
    const campaign = await makeCompleted([OUTAGE, CLOSED, TIMEOUT]);

    const output = await redrive(world.services(), campaign, { causes: ['TIMEOUT', 'HTTP_503'] });

    expect(output.redrivenCount).toBe(2);
    expect(await pendingOf(campaign)).toEqual([1, 3]);
  });

  it('by targets takes those and no others', async () => {
    const campaign = await makeCompleted([OUTAGE, CLOSED, TIMEOUT]);

    const output = await redrive(world.services(), campaign, {
      targetIds: [campaign.ids[2] ?? '', campaign.ids[0] ?? '', '8999999999999999999'],
    });

    // The first is paid, the last is nobody.
    expect(output.redrivenCount).toBe(1);
    expect(await pendingOf(campaign)).toEqual([2]);
  });

  it('by both takes what both name', async () => {
    const campaign = await makeCompleted([OUTAGE, CLOSED, OUTAGE]);
    const targetIds = campaign.ids.slice(1, 3);

    expect(
      (await redrive(world.services(), campaign, { causes: ['HTTP_503'], targetIds })).redrivenCount,
    ).toBe(1);
    expect(await pendingOf(campaign)).toEqual([1]);
  });

  it.each<[string, RedriveSelection]>([
    ['names no cause', { causes: [] }],
    ['names a cause that nobody has', { causes: ['HTTP_418'] }],
    ['names no target', { targetIds: [] }],
  ])('that %s redrives nothing, and leaves the campaign COMPLETED', async (_name, selection) => {
    const campaign = await makeCompleted([OUTAGE]);
    const services = world.services();

    expect(await redrive(services, campaign, selection)).toEqual({ done: true, redrivenCount: 0 });
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('COMPLETED');
    expect(services.runs.started).toEqual([]);
  });

  it('takes no dead letter of another promotion', async () => {
    const campaign = await makeCompleted([OUTAGE]);
    const other = await makeCompleted([OUTAGE]);

    await redrive(world.services(), campaign);

    expect(await pendingOf(other)).toEqual([]);
    expect(await world.store.promotionStatus(other.promotionId)).toBe('COMPLETED');
  });

  it('of thousands is gone through page by page, and goes on where the time was up', async () => {
    const services = world.services();
    const campaign = await world.begin({ targetCount: 1_500 });
    await world.recordResults(
      campaign,
      campaign.ids.map(() => 'FAILED' as const),
    );
    await world.recordDeadLetters(
      campaign,
      campaign.ids.map(() => OUTAGE),
    );
    await world.store.markPublished(campaign, campaign.ids, services.clock.now());
    await setStatus(world.sql, campaign, 'COMPLETED');
    const slow = {
      ...services,
      store: {
        ...services.store,
        redrive: async (...args: Parameters<typeof services.store.redrive>) => {
          services.clock.advance(50);
          return services.store.redrive(...args);
        },
      },
    };

    const first = await redriveDeadLetters(slow, campaign, services.clock.budget(100));
    const second = await redriveDeadLetters(slow, campaign, services.clock.budget(300));

    expect(first).toEqual({ done: false, redrivenCount: 1_000 });
    expect(second).toEqual({ done: true, redrivenCount: 500 });
    expect(services.runs.started).toHaveLength(1);
    expect(await world.store.countPending(campaign)).toBe(1_500);
  });
});

describe('a redrive', () => {
  it('twice does nothing twice', async () => {
    const campaign = await makeCompleted([OUTAGE, TIMEOUT]);
    const services = world.services();
    await redrive(services, campaign);

    expect(await redrive(services, campaign)).toEqual({ done: true, redrivenCount: 0 });
    expect(services.runs.started).toHaveLength(1);
    await runAgain(services, campaign);
    expect(services.money.requests).toHaveLength(2);
  });

  it('twice at the same moment makes each target PENDING once, and starts one run', async () => {
    const campaign = await makeCompleted([OUTAGE, TIMEOUT]);
    const services = world.services();

    await Promise.all([redrive(services, campaign), redrive(services, campaign)]);

    expect(services.runs.started).toHaveLength(1);
    const sent = await runAgain(services, campaign);
    expect(sent).toEqual(campaign.ids.slice(1));
  });

  it('whose answer was lost is completed by its repetition: the run is started', async () => {
    const campaign = await makeCompleted([OUTAGE]);
    const services = world.services();
    const lossy = { ...services, store: losingAnswerOf(services.store, 'redrive') };
    await expect(redrive(lossy, campaign)).rejects.toThrow('the answer was lost');

    expect(await redrive(lossy, campaign)).toEqual({ done: true, redrivenCount: 0 });
    expect(services.runs.started).toHaveLength(1);
  });

  it('whose start was lost is started by the reconciler, under the same name', async () => {
    const campaign = await makeCompleted([OUTAGE]);
    const services = world.services();
    await world.store.redrive(campaign, {}, 1_000, services.clock.now());

    const { started } = await reconcileCampaigns(services);
    await redrive(services, campaign);

    expect(started).toEqual([campaign.promotionId]);
    expect(services.runs.started).toHaveLength(1);
  });

  it('never leaves a COMPLETED campaign with a PENDING target: both change in one transaction', async () => {
    const campaign = await makeCompleted([OUTAGE]);
    // The last statement of the transaction fails.
    await world.sql.query(
      `CREATE TRIGGER refuse_ready BEFORE UPDATE ON campaign_promotions FOR EACH ROW
       IF NEW.promotion_status = 'READY' THEN SIGNAL SQLSTATE '45000'; END IF`,
    );
    try {
      await expect(redrive(world.services(), campaign)).rejects.toThrow();
    } finally {
      await world.sql.query('DROP TRIGGER refuse_ready');
    }

    expect(await pendingOf(campaign)).toEqual([]);
    expect(await targetsOf(world.sql, campaign)).toMatchObject([{}, { processStatus: 'FAILED' }]);
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('COMPLETED');
    const [redrives] = await world.sql.query('SELECT 1 FROM campaign_redrives WHERE promotion_id = ?', [
      campaign.promotionId,
    ]);
    expect(redrives).toEqual([]);
  });

  it('is recorded, by hand and not automatic', async () => {
    const campaign = await makeCompleted([OUTAGE]);

    await redrive(world.services(), campaign);

    const [redrives] = await world.sql.query(
      `SELECT dead_letter_key AS deadLetter, is_automatic AS automatic FROM campaign_redrives
       WHERE promotion_id = ?`,
      [campaign.promotionId],
    );
    expect(redrives).toEqual([
      { deadLetter: `VOUCHER-${campaign.promotionId}-${campaign.ids[1] ?? ''}`, automatic: 0 },
    ]);
  });

  it('of a target that was paid since changes nothing', async () => {
    const campaign = await makeCompleted([OUTAGE]);
    await world.recordResults(campaign, [null, 'SUCCESS']);

    expect((await redrive(world.services(), campaign)).redrivenCount).toBe(0);
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe('COMPLETED');
  });

  it('of a promotion that does not exist is refused', async () => {
    await expect(redrive(world.services(), { promotionId: '999999999' })).rejects.toMatchObject({
      name: 'CampaignRefused',
      message: 'promotion 999999999 does not exist',
    });
  });
});

describe.each(['STOPPED', 'FAILED'])('a redrive of a %s campaign', (status) => {
  it('pays nothing until it is resumed, and then pays them', async () => {
    const campaign = await makeCompleted([OUTAGE, TIMEOUT]);
    await setStatus(world.sql, campaign, status);
    const services = world.services();

    const output = await redrive(services, campaign);

    expect(output.redrivenCount).toBe(2);
    expect(await world.store.promotionStatus(campaign.promotionId)).toBe(status);
    expect((await reconcileCampaigns(services)).started).toEqual([]);
    expect(services.runs.started).toEqual([]);
    // A message of before the stop that still comes pays nobody.
    expect(await pay(services, campaign.messages)).toEqual([]);
    expect(services.money.requests).toEqual([]);

    expect(await runAgain(services, campaign, true)).toEqual(campaign.ids.slice(1));
    expect(await world.store.countResults(campaign)).toMatchObject({ successCount: 3, failCount: 0 });
  });
});

describe('a redrive of a campaign that is being paid', () => {
  it('is taken by its next pass, and starts no execution', async () => {
    const campaign = await makeCompleted([OUTAGE]);
    await setStatus(world.sql, campaign, 'IN_PROGRESS');
    const services = world.services();

    const output = await redrive(services, campaign);
    const begun = await beginCampaign(services, {
      executionId: EXECUTION,
      input: { promotionId: campaign.promotionId, pass: { run: campaign.run } },
    });

    expect(output).toEqual({ done: true, redrivenCount: 1 });
    expect(services.runs.started).toEqual([]);
    expect(begun).toMatchObject({
      begun: true,
      run: { runNumber: 2 },
      partitions: [{ fromTargetId: campaign.ids[1], targetCount: 1 }],
    });
  });
});
