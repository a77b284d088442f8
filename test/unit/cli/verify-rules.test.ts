import { describe, expect, it } from 'vitest';
import { fromHundredths, toHundredths } from '../../../cli/verify/rules/exact-amount.ts';
import type { CampaignFacts } from '../../../cli/verify/rules/campaign-facts.ts';
import type { Check } from '../../../cli/verify/rules/check.ts';
import { Found, compareIds } from '../../../cli/verify/rules/found.ts';
import { judgeCampaign } from '../../../cli/verify/rules/judge-campaign.ts';
import { judgeLedger } from '../../../cli/verify/rules/judge-ledger.ts';
import { judgeTargets } from '../../../cli/verify/rules/judge-targets.ts';
import { LedgerTally } from '../../../cli/verify/rules/ledger-tally.ts';
import type { GrantEntry } from '../../../cli/verify/rules/ledger-tally.ts';
import { SETTLING_SECONDS, phaseOf } from '../../../cli/verify/rules/phase.ts';
import { TargetTally } from '../../../cli/verify/rules/target-tally.ts';
import type { ResultFacts, TargetFacts } from '../../../cli/verify/rules/target-tally.ts';

/** 2026-11-01 12:30:00 in Seoul. */
const ENDED_MS = Date.UTC(2026, 10, 1, 3, 30);
const LATER_MS = ENDED_MS + 3_600_000;

function makeFacts(overrides: Partial<CampaignFacts> = {}): CampaignFacts {
  return {
    promotionId: '7',
    promotionType: 'VOUCHER',
    status: 'COMPLETED',
    totalAmount: null,
    defaultAmount: null,
    summary: {
      publishedCount: 1,
      successCount: 1,
      failCount: 0,
      retrySuccessCount: 0,
      startedAt: '2026-11-01 12:00:00',
      completedAt: '2026-11-01 12:30:00',
      stoppedAt: null,
      stoppedMemo: null,
    },
    runs: {
      count: 1,
      lowestNumber: 1,
      highestNumber: 1,
      openCount: 0,
      isLastOpen: false,
      lastEndedAt: '2026-11-01 12:30:00',
    },
    lastRedriveAt: null,
    inProgress: [],
    ...overrides,
  };
}

function makeTarget(
  overrides: Partial<TargetFacts> = {},
  result: Partial<ResultFacts> | null = {},
): TargetFacts {
  return {
    targetId: '1',
    customerUid: '1001',
    voucherNumber: 'V1',
    amount: '1000.00',
    publishStatus: 'PUBLISHED',
    deadLetter: null,
    result:
      result === null
        ? null
        : {
            promotionId: '7',
            processStatus: 'SUCCESS',
            transactionKey: 'T1',
            hasReason: false,
            attemptCount: 1,
            ...result,
          },
    ...overrides,
  };
}

function judge(
  targets: readonly TargetFacts[],
  overrides: Partial<CampaignFacts> = {},
  { nowMs = LATER_MS, entries }: { nowMs?: number; entries?: readonly GrantEntry[] } = {},
): Check[] {
  const facts = makeFacts(overrides);
  const tally = new TargetTally(facts);
  const ledger = new LedgerTally(facts.promotionType);
  for (const target of targets) {
    tally.add(target);
    ledger.add(target, entries ?? [], tally);
  }
  const countBy = (keyOf: (target: TargetFacts) => string | undefined) => {
    const counts = new Map<string, number>();
    for (const key of targets.map(keyOf)) if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts;
  };
  const rows = {
    targets: countBy((target) => target.publishStatus),
    results: countBy((target) => target.result?.processStatus),
  };
  const evidence = {
    facts,
    phase: phaseOf(facts, nowMs),
    rows,
    tally,
    strayResults: new Found(),
    sharedKeys: new Found(),
  };
  return [
    ...judgeTargets(evidence),
    ...judgeCampaign(evidence),
    ...(entries === undefined ? [] : judgeLedger(evidence, ledger)),
  ];
}

const named = (checks: readonly Check[], status: Check['status']) =>
  checks.filter((check) => check.status === status).map((check) => check.name);

describe('a campaign', () => {
  it('that is as it must be has no finding', () => {
    expect(judge([makeTarget()]).flatMap((check) => check.findings)).toEqual([]);
  });

  it.each<[string, TargetFacts, Partial<CampaignFacts>, readonly string[]]>([
    ['a limit met exactly', makeTarget(), { totalAmount: '1000.00' }, []],
    ['a limit passed by a hundredth', makeTarget(), { totalAmount: '999.99' }, ['budget']],
    ['a grant without an amount', makeTarget({ amount: null }), {}, ['budget']],
    ['a grant of the default', makeTarget({ amount: null }), { defaultAmount: '5.00' }, []],
    ['a grant of nothing', makeTarget({ amount: '0.00' }), {}, ['budget']],
    ['a blank transaction key', makeTarget({}, { transactionKey: ' ' }), {}, ['transaction-keys']],
    ['six attempts', makeTarget({}, { attemptCount: 6 }), {}, ['counters']],
    ['seven attempts', makeTarget({}, { attemptCount: 7 }), {}, ['attempts', 'counters']],
    ['a promotion that is alone IN_PROGRESS', makeTarget(), { inProgress: ['8'] }, []],
    ['two that are', makeTarget(), { inProgress: ['8', '9'] }, ['one-at-a-time']],
    ['no summary', makeTarget(), { summary: null }, ['counters', 'final-state']],
    [
      'an unknown process_status',
      makeTarget({}, { processStatus: 'DONE' }),
      {},
      ['accounted', 'results-belong', 'counters', 'final-state'],
    ],
    [
      'an invalid target that was granted',
      makeTarget({ publishStatus: 'FAILED' }),
      {},
      ['accounted', 'counters'],
    ],
  ])('with %s', (_name, target, overrides, violated) => {
    expect(named(judge([target], overrides), 'violated')).toEqual(violated);
  });

  it('has a dead letter for each failed target that a call was made for', () => {
    const failed = { processStatus: 'FAILED', transactionKey: null, hasReason: true };
    const statusOf = (attemptCount: number) =>
      judge([makeTarget({}, { ...failed, attemptCount })]).find((check) => check.name === 'dead-letters')
        ?.status;

    expect([statusOf(1), statusOf(0)]).toEqual(['violated', 'ok']);
  });

  it('with a gap between its runs, or an open one before the last', () => {
    const { runs } = makeFacts();
    const gap = { ...runs, count: 2, highestNumber: 3 };
    const open = { ...runs, count: 2, highestNumber: 2, openCount: 1 };

    expect(named(judge([makeTarget()], { runs: gap }), 'violated')).toEqual(['runs']);
    expect(named(judge([makeTarget()], { runs: open }), 'violated')).toEqual(['runs']);
  });

  it('granted without any run', () => {
    const none = {
      count: 0,
      lowestNumber: 0,
      highestNumber: 0,
      openCount: 0,
      isLastOpen: false,
      lastEndedAt: null,
    };

    expect(named(judge([makeTarget()], { runs: none, status: 'READY' }), 'violated')).toEqual(['runs']);
  });

  it('IN_PROGRESS without an open run', () => {
    expect(named(judge([makeTarget()], { status: 'IN_PROGRESS' }), 'violated')).toEqual(['runs']);
  });
});

describe('the phase', () => {
  const after = (seconds: number, overrides: Partial<CampaignFacts> = {}) =>
    phaseOf(makeFacts(overrides), ENDED_MS + seconds * 1000);

  it.each(['COMPLETED', 'STOPPED', 'FAILED'] as const)('of one that is %s settles for a while', (status) => {
    expect(after(SETTLING_SECONDS[status] - 1, { status })).toBe('settling');
    expect(after(SETTLING_SECONDS[status], { status })).toBe('ended');
  });

  it('settles too where a clock is behind, and not when nothing is waited for', () => {
    expect(after(-9)).toBe('settling');
    expect(phaseOf(makeFacts(), ENDED_MS, true)).toBe('ended');
    expect(phaseOf(makeFacts({ status: 'IN_PROGRESS' }), ENDED_MS, true)).toBe('running');
  });

  it('settles again after a redrive', () => {
    const lastRedriveAt = '2026-11-01 13:29:59.500';

    expect(phaseOf(makeFacts({ lastRedriveAt }), LATER_MS)).toBe('settling');
  });

  it('while it settles, what is not final is pending', () => {
    const lost = makeTarget({}, null);

    expect(named(judge([lost], {}, { nowMs: ENDED_MS }), 'violated')).toEqual([]);
    expect(named(judge([lost]), 'violated')).toEqual(['accounted', 'counters', 'final-state']);
  });
});

describe('a ledger entry', () => {
  const entry: GrantEntry = {
    key: 'VOUCHER-7-1',
    kind: 'VOUCHER',
    customerUid: '1001',
    hundredths: 100_000n,
    voucherNumber: 'V1',
  };
  const failed = { processStatus: 'FAILED', transactionKey: null, hasReason: true };
  const status = (target: TargetFacts, overrides: Partial<CampaignFacts> = {}) =>
    judge([target], overrides, { entries: [entry] }).find((check) => check.name === 'ledger-nothing-else')
      ?.status;

  it.each<[string, TargetFacts, Check['status']]>([
    ['of a grant', makeTarget(), 'ok'],
    ['of a target that was rejected', makeTarget({ deadLetter: { isTransient: false } }, failed), 'violated'],
    [
      'of a target that failed for a passing cause',
      makeTarget({ deadLetter: { isTransient: true } }, failed),
      'warning',
    ],
    ['of an invalid target', makeTarget({ publishStatus: 'FAILED' }, failed), 'violated'],
    ['of a target without an end', makeTarget({ publishStatus: 'PENDING' }, null), 'violated'],
  ])('%s', (_name, target, expected) => {
    expect(status(target)).toBe(expected);
  });

  it('of a target that waits says that it may have been granted, if there was a run', () => {
    const waiting = makeTarget({ publishStatus: 'PENDING' }, null);
    const none = {
      count: 0,
      lowestNumber: 0,
      highestNumber: 0,
      openCount: 0,
      isLastOpen: false,
      lastEndedAt: null,
    };

    expect(status(waiting, { status: 'STOPPED' })).toBe('warning');
    expect(status(waiting, { status: 'READY', runs: none })).toBe('violated');
  });

  it('of another kind is another grant', () => {
    const checks = judge([makeTarget()], {}, { entries: [{ ...entry, kind: 'POINT' }] });

    expect(named(checks, 'violated')).toEqual(['ledger-grants']);
  });

  it('that the granted amount is past 2^53 hundredths is compared exactly', () => {
    const checks = judge(
      [makeTarget({ amount: '99999999999999999.99' })],
      {},
      {
        entries: [{ ...entry, hundredths: 9_999_999_999_999_999_998n }],
      },
    );

    expect(checks.at(-1)?.findings[0]?.what).toContain('they differ by -0.01');
  });
});

describe('exact amounts', () => {
  it.each([
    ['1000', 100_000n],
    ['1000.5', 100_050n],
    ['0.01', 1n],
    ['-0.10', -10n],
    ['1.2000', 120n],
    ['1.001', undefined],
    ['1e3', undefined],
    ['', undefined],
  ])('%s', (decimal, hundredths) => {
    expect(toHundredths(decimal)).toBe(hundredths);
  });

  it('are written with two places', () => {
    expect([0n, 5n, -5n, 123_450n].map(fromHundredths)).toEqual(['0.00', '0.05', '-0.05', '1234.50']);
  });
});

describe('what is found', () => {
  it('keeps the five lowest ids in order, whatever order they come in', () => {
    const found = new Found();
    for (const id of ['10', '9', '100', '1', '9007199254740993', '9007199254740992', '2']) found.add(id);

    expect(found.count).toBe(7);
    expect(found.examples).toEqual(['1', '2', '9', '10', '100']);
  });

  it('has numbers before texts', () => {
    expect(['VOUCHER-1-b', '10', 'VOUCHER-1-a', '9'].sort(compareIds)).toEqual([
      '9',
      '10',
      'VOUCHER-1-a',
      'VOUCHER-1-b',
    ]);
  });
});
