import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneLine } from '../../../cli/failure.ts';
import { holds } from '../../../cli/verify/report.ts';
import { verifyCampaign } from '../../../cli/verify/verify-campaign.ts';
import type { Verification } from '../../../cli/verify/verify-campaign.ts';
import type { Severity } from '../../../cli/verify/rules/check.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { BREAKS_OFF, paidCampaign, startLedgerServer } from './campaigns.ts';
import type { LedgerLine, LedgerServer, PaidCampaign } from './campaigns.ts';

const TYPES = ['VOUCHER', 'POINT'] as const;
/** Long after the campaigns ended: 2026-11-02 12:00:00 in Seoul. */
const NOW_MS = Date.UTC(2026, 10, 2, 3);

let database: CampaignDatabase;
let ledgers: LedgerServer;

beforeAll(async () => {
  [database, ledgers] = await Promise.all([startCampaignDatabase(), startLedgerServer()]);
});
afterAll(async () => {
  await ledgers.close();
  await database.close();
});

function verify(
  { promotionId }: { promotionId: string },
  overrides: { ledger?: readonly (LedgerLine | string)[]; nowMs?: number; isFinal?: boolean } = {},
): Promise<Verification> {
  return verifyCampaign(database.db, {
    promotionId,
    ledgerUrl: overrides.ledger === undefined ? undefined : ledgers.serve(overrides.ledger),
    nowMs: overrides.nowMs ?? NOW_MS,
    isFinal: overrides.isFinal ?? false,
    progress: () => undefined,
  });
}

/** 'check: what was found: examples' of that severity. */
function found({ checks }: Verification, severity: Severity = 'violated'): string[] {
  return checks.flatMap(({ name, findings }) =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(({ what, examples }) => [`${name}: ${what}`, ...examples].join(' ')),
  );
}

const run = (sql: string, ...values: unknown[]) => database.sql.query(sql, values);
const first = (campaign: PaidCampaign) => campaign.ids[0] ?? '';
const last = (campaign: PaidCampaign) => campaign.ids.at(-1) ?? '';
const change = ({ ledger }: PaidCampaign, changed: Partial<LedgerLine>) =>
  ledger.map((entry, index) => (index === 0 ? { ...entry, ...changed } : entry));

describe.each(TYPES)('a clean %s campaign', (type) => {
  it('holds in every check, with its figures', async () => {
    const campaign = await paidCampaign(database.sql, { type });

    const verification = await verify(campaign, { ledger: campaign.ledger });

    expect(verification.checks.filter((check) => check.status !== 'ok')).toEqual([]);
    expect(verification.checks.map((check) => [check.name, check.figures])).toMatchObject([
      ['accounted', { targets: 6, granted: 3, failed: 3, waiting: 0, 'under way': 0 }],
      ['results-belong', { results: 6, 'with their target': 6 }],
      ['transaction-keys', { granted: 3 }],
      ['budget', { granted: '3001.50', total_amount: '100000.00' }],
      ['attempts', { 'most attempts': 6, 'granted by a retry': 1 }],
      ['dead-letters', { failed: 3 }],
      ['counters', { success_count: 3, fail_count: 3, retry_success_count: 1, published_count: 5 }],
      ['final-state', { PENDING: 0, 'under way': 0, RETRYING: 0 }],
      ['runs', { runs: 1, open: 0 }],
      ['one-at-a-time', { 'in progress': 0 }],
      ['ledger-grants', { granted: 3, 'in the ledger': 3 }],
      ['ledger-once', { entries: 3 }],
      ['ledger-nothing-else', { entries: 3 }],
      ['ledger-sum', { granted: '3001.50', ledger: '3001.50' }],
    ]);
  });

  it('whose targets fall back to the frozen default is held to that, not to what was edited since', async () => {
    const campaign = await paidCampaign(database.sql, { type, amount: null });
    await run(
      'UPDATE campaign_promotions SET default_amount = 9999 WHERE promotion_id = ?',
      campaign.promotionId,
    );

    const verification = await verify(campaign, { ledger: campaign.ledger });

    expect(found(verification)).toEqual([]);
    expect(verification.checks.find((check) => check.name === 'budget')?.figures).toMatchObject({
      granted: '1500.00',
    });
  });
});

describe('in each state', () => {
  it.each(['STOPPED', 'FAILED'] as const)(
    '%s: what was not paid waits, and nothing is wrong',
    async (status) => {
      const campaign = await paidCampaign(database.sql, {
        status,
        endings: ['granted', 'waiting', 'rejected'],
      });

      const verification = await verify(campaign, { ledger: campaign.ledger });

      expect(verification.checks.filter((check) => check.status !== 'ok')).toEqual([]);
      expect(verification.checks[0]?.figures).toMatchObject({ waiting: 1 });
    },
  );

  it('READY: what cannot be said yet is pending', async () => {
    const key = await insertPromotion(database.sql);
    await insertTargets(database.sql, key, 3);

    const verification = await verify(key, { ledger: [] });

    expect(found(verification)).toEqual([]);
    expect(found(verification, 'pending')).toMatchObject([
      expect.stringContaining('accounted: still to be published'),
      expect.stringContaining('counters: they are final'),
      expect.stringContaining('final-state: the campaign has not ended'),
    ]);
  });

  it('IN_PROGRESS: what is under way is pending, but a second one that pays is not', async () => {
    const campaign = await paidCampaign(database.sql, { endings: ['granted', 'waiting', 'waiting'] });
    await run(
      `UPDATE campaign_promotions SET promotion_status = 'IN_PROGRESS' WHERE promotion_id = ?`,
      campaign.promotionId,
    );
    await run('UPDATE campaign_runs SET ended_at = NULL WHERE promotion_id = ?', campaign.promotionId);
    await run(
      "UPDATE campaign_promotion_voucher_targets SET publish_status = 'PUBLISHED' WHERE voucher_target_id = ?",
      last(campaign),
    );

    // What was paid after the ledger was read is not in it.
    const alone = await verify(campaign, { ledger: [] });
    const other = await insertPromotion(database.sql, { status: 'IN_PROGRESS' });
    const together = await verify(campaign);
    await run(
      "UPDATE campaign_promotions SET promotion_status = 'STOPPED' WHERE promotion_id IN (?, ?)",
      campaign.promotionId,
      other.promotionId,
    );

    expect(found(alone)).toEqual([]);
    expect(found(alone, 'pending')).toContain(
      `accounted: published, and neither granted nor failed ${last(campaign)}`,
    );
    expect(found(together)).toEqual([
      `one-at-a-time: promotions IN_PROGRESS at once ${campaign.promotionId} ${other.promotionId}`,
    ]);
  });

  it('just STOPPED: it is being wound up, which is no violation before some minutes have passed', async () => {
    const campaign = await paidCampaign(database.sql, {
      status: 'STOPPED',
      endings: ['granted', 'granted'],
      endedAt: '2026-11-02 11:59:00',
    });
    await run(
      `UPDATE campaign_promotion_voucher_results SET process_status = 'RETRYING', transaction_key = NULL
       WHERE voucher_target_id = ?`,
      last(campaign),
    );

    const atOnce = await verify(campaign);
    const later = await verify(campaign, { nowMs: NOW_MS + 600_000 });
    const final = await verify(campaign, { isFinal: true });

    expect(found(atOnce)).toEqual([]);
    expect(found(atOnce, 'pending')).toContain(`final-state: still RETRYING ${last(campaign)}`);
    expect(found(later)).toContain(`final-state: still RETRYING ${last(campaign)}`);
    expect(found(final)).toEqual(found(later));
  });
});

describe('a corrupted campaign is caught by name', () => {
  type Corruption = (campaign: PaidCampaign) => Promise<unknown>;
  const result = 'campaign_promotion_voucher_results';
  const target = 'campaign_promotion_voucher_targets';

  it.each<[string, Corruption, (campaign: PaidCampaign) => string[]]>([
    [
      'a result row deleted',
      (campaign) => run(`DELETE FROM ${result} WHERE voucher_target_id = ?`, first(campaign)),
      (campaign) => [
        `accounted: published, and neither granted nor failed ${first(campaign)}`,
        'counters: success_count is 3, and by the rows it is 2',
        `final-state: published without a final result ${first(campaign)}`,
        'ledger-nothing-else: without a final result and in the ledger, of a COMPLETED campaign ' +
          first(campaign),
      ],
    ],
    [
      'an amount changed',
      (campaign) => run(`UPDATE ${target} SET amount = 1000.49 WHERE voucher_target_id = ?`, first(campaign)),
      (campaign) => [
        `ledger-grants: granted with another amount ${first(campaign)}`,
        'ledger-sum: they differ by 0.01 (VOUCHER grants of the ledger less ours)',
      ],
    ],
    [
      'a counter changed',
      ({ promotionId }) =>
        run('UPDATE campaign_promotion_summary SET fail_count = 4 WHERE promotion_id = ?', promotionId),
      () => ['counters: fail_count is 4, and by the rows it is 3'],
    ],
    [
      'a transaction key duplicated',
      (campaign) =>
        run(
          `UPDATE ${result} SET transaction_key = ? WHERE voucher_target_id = ?`,
          `T-${campaign.promotionId}-${first(campaign)}`,
          last(campaign),
        ),
      (campaign) => [
        `transaction-keys: with the transaction key of another target ${first(campaign)} ${last(campaign)}`,
      ],
    ],
    [
      'a transaction key removed',
      (campaign) =>
        run(`UPDATE ${result} SET transaction_key = NULL WHERE voucher_target_id = ?`, first(campaign)),
      (campaign) => [`transaction-keys: granted without a transaction key ${first(campaign)}`],
    ],
    [
      'a reason removed',
      (campaign) =>
        run(`UPDATE ${result} SET error_message = NULL WHERE voucher_target_id = ?`, campaign.ids[2]),
      (campaign) => [`accounted: failed, and no reason is recorded ${campaign.ids[2] ?? ''}`],
    ],
    [
      'a result given to another promotion',
      async (campaign) => {
        const other = await insertPromotion(database.sql);
        await run(
          `UPDATE ${result} SET promotion_id = ? WHERE voucher_target_id = ?`,
          other.promotionId,
          campaign.ids[2],
        );
      },
      (campaign) => [
        `accounted: not published as invalid, and no result says why ${campaign.ids[2] ?? ''}`,
        `results-belong: with a result of another promotion ${campaign.ids[2] ?? ''}`,
      ],
    ],
    [
      'a target given to another promotion',
      async (campaign) => {
        const other = await insertPromotion(database.sql);
        await run(
          `UPDATE ${target} SET promotion_id = ? WHERE voucher_target_id = ?`,
          other.promotionId,
          campaign.ids[2],
        );
      },
      (campaign) => [
        `results-belong: results of this promotion without a target of it ${campaign.ids[2] ?? ''}`,
        'counters: fail_count is 3, and by the rows it is 2',
      ],
    ],
    [
      'an attempt too many, and a grant without one',
      (campaign) =>
        Promise.all([
          run(`UPDATE ${result} SET attempt_count = 7 WHERE voucher_target_id = ?`, campaign.ids[4]),
          run(`UPDATE ${result} SET attempt_count = 0 WHERE voucher_target_id = ?`, first(campaign)),
        ]),
      (campaign) => [
        `attempts: with more than 6 attempts ${campaign.ids[4] ?? ''}`,
        `attempts: granted with no attempt counted ${first(campaign)}`,
      ],
    ],
    [
      'a dead letter deleted',
      (campaign) => run('DELETE FROM campaign_dead_letters WHERE target_id = ?', campaign.ids[3]),
      (campaign) => [
        `dead-letters: failed after they were published, without a dead letter ${campaign.ids[3] ?? ''}`,
      ],
    ],
    [
      'more granted than there was to grant',
      ({ promotionId }) =>
        run('UPDATE campaign_promotions SET total_amount = 3001.49 WHERE promotion_id = ?', promotionId),
      () => ['budget: 3001.50 granted is more than the 3001.49 of total_amount'],
    ],
    [
      'a target PENDING again',
      (campaign) =>
        run(`UPDATE ${target} SET publish_status = 'PENDING' WHERE voucher_target_id = ?`, first(campaign)),
      (campaign) => [
        'counters: published_count is 5, and by the rows it is 4',
        `final-state: still PENDING ${first(campaign)}`,
      ],
    ],
    [
      'a status that does not exist',
      (campaign) =>
        run(`UPDATE ${target} SET publish_status = 'LOST' WHERE voucher_target_id = ?`, campaign.ids[2]),
      () => [
        "accounted: 1 have a publish_status that does not exist: 'LOST'",
        'counters: fail_count is 3, and by the rows it is 2',
      ],
    ],
    [
      'a run missing',
      ({ promotionId }) => run('UPDATE campaign_runs SET run_number = 2 WHERE promotion_id = ?', promotionId),
      () => ['runs: there are 1 runs, numbered from 2 to 2'],
    ],
    [
      'a run that never ended',
      ({ promotionId }) =>
        run('UPDATE campaign_runs SET ended_at = NULL WHERE promotion_id = ?', promotionId),
      () => ['runs: it is COMPLETED, and its last run is open'],
    ],
    [
      'an end that was not recorded',
      ({ promotionId }) =>
        run('UPDATE campaign_promotion_summary SET completed_at = NULL WHERE promotion_id = ?', promotionId),
      () => ['final-state: its end is not recorded (completed_at)'],
    ],
  ])('%s', async (_name, corrupt, expected) => {
    const campaign = await paidCampaign(database.sql);
    await corrupt(campaign);

    const verification = await verify(campaign, { ledger: campaign.ledger });

    expect(found(verification)).toEqual(expected(campaign));
    expect(holds(verification)).toBe(false);
  });

  it('a stop without a reason', async () => {
    const campaign = await paidCampaign(database.sql, { status: 'STOPPED', endings: ['granted', 'waiting'] });
    await run(
      'UPDATE campaign_promotion_summary SET stopped_memo = NULL WHERE promotion_id = ?',
      campaign.promotionId,
    );

    expect(found(await verify(campaign))).toEqual(['final-state: no reason is recorded (stopped_memo)']);
  });
});

describe('a ledger that does not agree', () => {
  it.each<[string, (campaign: PaidCampaign) => readonly LedgerLine[], (campaign: PaidCampaign) => string[]]>([
    [
      'an entry removed',
      ({ ledger }) => ledger.slice(1),
      (campaign) => [
        `ledger-grants: granted, and not in the ledger ${first(campaign)}`,
        'ledger-sum: they differ by -1000.50 (VOUCHER grants of the ledger less ours)',
      ],
    ],
    [
      'an entry doubled',
      ({ ledger }) => [...ledger, ...ledger.slice(0, 1)],
      (campaign) => [
        `ledger-once: in the ledger more than once ${first(campaign)}`,
        'ledger-sum: they differ by 1000.50 (VOUCHER grants of the ledger less ours)',
      ],
    ],
    [
      'another amount',
      (campaign) => change(campaign, { amount: '1001' }),
      (campaign) => [
        `ledger-grants: granted with another amount ${first(campaign)}`,
        'ledger-sum: they differ by 0.50 (VOUCHER grants of the ledger less ours)',
      ],
    ],
    [
      'another customer and another voucher',
      (campaign) => change(campaign, { customerUid: '1', voucherNumber: 'X' }),
      (campaign) => [
        `ledger-grants: granted to another customer ${first(campaign)}`,
        `ledger-grants: granted with another voucher number ${first(campaign)}`,
      ],
    ],
    [
      'a grant of a target that was rejected',
      (campaign) => [...campaign.ledger, grantOf(campaign, campaign.ids[3])],
      (campaign) => [
        `ledger-nothing-else: failed for good, and yet in the ledger ${campaign.ids[3] ?? ''}`,
        'ledger-sum: they differ by 1.00 (VOUCHER grants of the ledger less ours)',
      ],
    ],
    [
      'a grant of a target that does not exist',
      (campaign) => [...campaign.ledger, grantOf(campaign, '999999999')],
      ({ promotionId }) => [
        `ledger-nothing-else: keys in the ledger of no target of this promotion VOUCHER-${promotionId}-999999999`,
        'ledger-sum: they differ by 1.00 (VOUCHER grants of the ledger less ours)',
      ],
    ],
    [
      "a grant under the other kind's key",
      ({ promotionId, ledger, ids }) => [
        ...ledger,
        { key: `POINT-${promotionId}-${ids[0] ?? ''}`, kind: 'POINT', customerUid: '1000', amount: '1' },
      ],
      (campaign) => [
        `ledger-nothing-else: keys in the ledger of no target of this promotion POINT-${campaign.promotionId}-${first(campaign)}`,
        'ledger-sum: they differ by 1.00 (VOUCHER grants of the ledger less ours)',
      ],
    ],
  ])('%s', async (_name, ledgerOf, expected) => {
    const campaign = await paidCampaign(database.sql);

    const verification = await verify(campaign, { ledger: ledgerOf(campaign) });

    expect(found(verification)).toEqual(expected(campaign));
  });

  const grantOf = ({ promotionId }: PaidCampaign, targetId = ''): LedgerLine => ({
    key: `VOUCHER-${promotionId}-${targetId}`,
    kind: 'VOUCHER',
    customerUid: '1',
    amount: '1',
    voucherNumber: 'X',
  });

  it('where the answer was lost is a warning: the target may have been granted', async () => {
    const campaign = await paidCampaign(database.sql);
    const stopped = await paidCampaign(database.sql, { status: 'STOPPED', endings: ['granted', 'waiting'] });

    const verification = await verify(campaign, {
      ledger: [...campaign.ledger, grantOf(campaign, campaign.ids[4])],
    });
    const ofStopped = await verify(stopped, { ledger: [...stopped.ledger, grantOf(stopped, last(stopped))] });

    expect(found(verification)).toEqual([]);
    expect(found(verification, 'warning')).toEqual([
      `ledger-nothing-else: failed for a passing cause and in the ledger: may have been granted, a redrive settles it ${campaign.ids[4] ?? ''}`,
    ]);
    expect(holds(verification)).toBe(true);
    expect(found(ofStopped, 'warning')).toEqual([
      `ledger-nothing-else: without a final result and in the ledger: may have been granted, a resume settles it ${last(stopped)}`,
    ]);
  });

  it('of other promotions alone says nothing, whatever their ids begin with', async () => {
    const campaign = await paidCampaign(database.sql);
    const others = campaign.ledger.map((entry) => ({
      ...entry,
      key: entry.key.replace(`-${campaign.promotionId}-`, `-${campaign.promotionId}0-`),
    }));

    expect(found(await verify(campaign, { ledger: [...others, ...campaign.ledger] }))).toEqual([]);
  });
});

describe('what cannot be checked', () => {
  it.each([
    ['not JSON', 'line 2 of the ledger', '<html>'],
    ['no grant', 'line 2 of the ledger', '{"key":"VOUCHER-1-1"}'],
    [
      'an amount that is none',
      'line 2 of the ledger',
      '{"key":"K","kind":"POINT","customerUid":"1","amount":"1e3"}',
    ],
    ['a line that does not end', 'line 2 of the ledger', 'x'.repeat(1_000_000)],
  ])('a ledger line that is %s', async (_name, message, line) => {
    const campaign = await paidCampaign(database.sql);
    const ledger = [...campaign.ledger.slice(0, 1), line];

    await expect(verify(campaign, { ledger })).rejects.toThrow(message);
  });

  it('a ledger that breaks off: what came of it may be all that was granted, or not', async () => {
    const { promotionId } = await paidCampaign(database.sql, { endings: ['granted'] });

    const verifying = verify({ promotionId }, { ledger: [BREAKS_OFF] });

    await expect(verifying).rejects.toThrow('broke off');
  });

  it('a row that no version of Grantline writes', async () => {
    const { promotionId } = await insertPromotion(database.sql);
    await run("UPDATE campaign_promotions SET promotion_type = 'GIFT' WHERE promotion_id = ?", promotionId);

    const error = await verify({ promotionId }).catch((thrown: unknown) => thrown);

    expect(oneLine(error)).toMatch(/^the database holds what no version of Grantline writes: .*type: /);
  });

  it('a promotion that does not exist', async () => {
    await expect(verify({ promotionId: '999999999' })).rejects.toThrow('promotion 999999999 does not exist');
  });
});

describe('a campaign among others', () => {
  it('is read whole, in pages, though its rows lie between those of another', async () => {
    const key = await insertPromotion(database.sql, { status: 'STOPPED' });
    const other = await insertPromotion(database.sql);
    await insertTargets(database.sql, key, 1_500);
    await insertTargets(database.sql, other, 700);
    await insertTargets(database.sql, key, 1_501);
    await run(
      `UPDATE campaign_promotion_voucher_targets SET publish_status = IF(voucher_target_id % 3 = 0, 'FAILED', 'PENDING')
       WHERE promotion_id = ?`,
      key.promotionId,
    );

    const verification = await verify(key);

    expect(verification.targetCount).toBe(3_001);
    const { waiting, failed } = verification.checks[0]?.figures ?? {};
    expect(Number(waiting) + Number(failed)).toBe(3_001);
    expect(found(verification, 'pending')).toEqual([]);
  });
});
