/** The checks of the targets and their results, from what was counted. */
import { MAX_ATTEMPTS } from '../../../lambdas/campaign-grant/domain/retry.ts';
import { publishStatus } from '../../../schema/promotion.ts';
import type { CampaignFacts, RowCounts } from './campaign-facts.ts';
import { check, finding, findingIf } from './check.ts';
import type { Check } from './check.ts';
import { fromHundredths, toHundredths } from './exact-amount.ts';
import type { Found } from './found.ts';
import { inTheEnd } from './phase.ts';
import type { Phase } from './phase.ts';
import type { TargetTally } from './target-tally.ts';

export interface Evidence {
  readonly facts: CampaignFacts;
  readonly phase: Phase;
  readonly rows: RowCounts;
  readonly tally: TargetTally;
  /** Results that say they are of this promotion, whose target is not. */
  readonly strayResults: Found;
  /** Transaction keys that more than one target has. */
  readonly sharedKeys: Found;
}

export function judgeTargets(evidence: Evidence): Check[] {
  return [
    accounted(evidence),
    resultsBelong(evidence),
    transactionKeys(evidence),
    budget(evidence),
    attempts(evidence),
    deadLetters(evidence),
  ];
}

function accounted({ facts, phase, rows, tally }: Evidence): Check {
  const { targets, granted, failed, waiting, underWay } = tally;
  const known = new Set<string>(publishStatus.options);
  const unknown = [...rows.targets].filter(([status]) => !known.has(status));
  const counted = [...rows.targets.values()].reduce((sum, count) => sum + count, 0);
  const unknownCount = unknown.reduce((sum, [, count]) => sum + count, 0);
  // STOPPED and FAILED campaigns keep what they have not paid; a resume pays it.
  const mayWait = facts.status === 'STOPPED' || facts.status === 'FAILED';
  return check(
    {
      name: 'accounted',
      rule: 'every target is granted, failed with a reason, or waits because the campaign may go on',
      invariants: [2],
      figures: { targets: counted, granted, failed, waiting: waiting.count, 'under way': underWay.count },
    },
    finding('violated', tally.failedWithoutReason, 'failed, and no reason is recorded'),
    finding('violated', tally.invalidWithoutResult, 'not published as invalid, and no result says why'),
    finding('violated', tally.invalidButGranted, 'not published as invalid, and yet granted'),
    findingIf(
      unknownCount > 0,
      'violated',
      `${unknownCount} have a publish_status that does not exist: ${unknown.map(([status]) => `'${status}'`).join(', ')}`,
    ),
    findingIf(
      counted !== targets + unknownCount,
      'pending',
      `${counted} were counted and ${targets + unknownCount} were read: rows come or go meanwhile`,
    ),
    finding(inTheEnd(phase), underWay, 'published, and neither granted nor failed'),
    mayWait ? undefined : finding(inTheEnd(phase), waiting, 'still to be published'),
  );
}

function resultsBelong({ phase, rows, tally, strayResults }: Evidence): Check {
  const results = [...rows.results.values()].reduce((sum, count) => sum + count, 0);
  const unmatched = results - tally.ownResults - strayResults.count;
  return check(
    {
      name: 'results-belong',
      rule: 'every result belongs to a target of this promotion',
      invariants: [2],
      figures: { results, 'with their target': tally.ownResults },
    },
    finding('violated', tally.resultOfAnother, 'with a result of another promotion'),
    finding('violated', strayResults, 'results of this promotion without a target of it'),
    finding('violated', tally.resultUnknown, 'with a process_status that does not exist'),
    findingIf(
      unmatched !== 0 && phase !== 'running',
      'pending',
      `${results} results were counted and ${tally.ownResults} were read: rows come or go meanwhile`,
    ),
  );
}

function transactionKeys({ tally, sharedKeys }: Evidence): Check {
  return check(
    {
      name: 'transaction-keys',
      rule: 'every grant has a transaction key, and no two have the same',
      invariants: [1],
      figures: { granted: tally.granted },
    },
    finding('violated', tally.grantedWithoutKey, 'granted without a transaction key'),
    finding('violated', sharedKeys, 'with the transaction key of another target'),
  );
}

function budget({ facts: { totalAmount }, tally }: Evidence): Check {
  const limit = totalAmount === null ? undefined : toHundredths(totalAmount);
  const granted = fromHundredths(tally.grantedHundredths);
  return check(
    {
      name: 'budget',
      rule: 'the sum of what was granted is within total_amount',
      invariants: [3],
      figures: { granted, total_amount: totalAmount ?? 'no limit' },
    },
    findingIf(
      limit !== undefined && tally.grantedHundredths > limit,
      'violated',
      `${granted} granted is more than the ${totalAmount ?? ''} of total_amount`,
    ),
    finding('violated', tally.grantedWithoutAmount, 'granted without a positive amount'),
  );
}

function attempts({ tally }: Evidence): Check {
  return check(
    {
      name: 'attempts',
      rule: `no more than ${MAX_ATTEMPTS} Money calls a target, and no grant without one`,
      invariants: [8],
      figures: { 'most attempts': tally.highestAttempt, 'granted by a retry': tally.retriedSuccess },
    },
    finding('violated', tally.tooManyAttempts, `with more than ${MAX_ATTEMPTS} attempts`),
    finding('violated', tally.grantedWithoutAttempt, 'granted with no attempt counted'),
  );
}

function deadLetters({ tally }: Evidence): Check {
  return check(
    {
      name: 'dead-letters',
      rule: 'every published target that failed has a dead letter',
      invariants: [2],
      figures: { failed: tally.failed },
    },
    finding('violated', tally.withoutDeadLetter, 'failed after they were published, without a dead letter'),
  );
}
