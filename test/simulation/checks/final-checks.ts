/** What must hold when nothing moves any more. */
import type { World } from '../world-parts.ts';
import { endedAlert } from '../../../lambdas/campaign-grant/domain/alerts.ts';
import { resolveTarget } from '../../../lambdas/campaign-grant/domain/target.ts';
import { START_MS } from '../platform/environment.ts';
import type { LedgerEntry } from '../services/sim-money-api.ts';
import { cents } from '../services/decimals.ts';
import type { PromotionRecord, TargetRecord } from '../services/rows.ts';

/** Effects by target: one for each key that was ever paid. */
type Effects = ReadonlyMap<string, readonly LedgerEntry[]>;

export function checkWorld(world: World): void {
  const { database, auditor, money } = world;
  const effects = effectsOf(world);
  // 7. The same key always carries the same body: the Money API saw it when one did not.
  for (const key of money.conflicts) auditor.fail(7, `${key} was sent with two bodies`);
  checkAlerts(world);
  for (const promotion of database.promotions) {
    for (const target of promotion.targets) checkTarget(world, promotion, target, effects);
    checkSum(world, promotion, effects);
    checkCounters(world, promotion);
    // 5. A stop says when it was and why.
    if (promotion.status === 'STOPPED' && promotion.summary?.stoppedMemo === null) {
      auditor.fail(5, `promotion ${promotion.promotionId} is STOPPED, its summary does not say why`);
    }
  }
}

/** 15. Each transition has one alert, and each alert was told. */
function checkAlerts({ database, auditor }: World): void {
  const { alerts } = database;
  for (const { promotionId, runs } of database.promotions) {
    for (const { runNumber, outcome } of runs) {
      if (outcome !== 'COMPLETED' && outcome !== 'STOPPED' && outcome !== 'FAILED') continue;
      const { key } = endedAlert({ promotionId, runNumber }, outcome);
      if (!alerts.has(key)) auditor.fail(15, `${key}: nobody was to be told`);
    }
  }
  for (const key of alerts.keys()) {
    if (!auditor.toldKeys.has(key)) auditor.fail(15, `${key} was never told`);
  }
  for (const key of auditor.toldKeys) {
    if (!alerts.has(key)) auditor.fail(15, `${key} was told, and is no alert`);
  }
  for (const kind of ['BREAKER_OPENED', 'BREAKER_CLOSED'] as const) {
    const raised = [...alerts.values()].filter(({ alert }) => alert.kind === kind).length;
    if (raised !== auditor.breakerChanges[kind]) {
      auditor.fail(15, `${raised} alerts ${kind} of ${auditor.breakerChanges[kind]} changes`);
    }
  }
}

/**
 * 1 and 3, exactly: everything whose outcome was unclear has been redriven with the Money API in order, so that the
 * ledger and the rows must agree to the last target.
 */
export function checkLedgerEqualsRows(world: World): void {
  const { database, auditor } = world;
  const effects = effectsOf(world);
  for (const promotion of database.promotions) {
    if (promotion.status !== 'COMPLETED') continue;
    for (const target of promotion.targets) {
      const name = nameOf(promotion, target);
      const isPaid = effects.has(name);
      const isSuccess = target.result?.processStatus === 'SUCCESS';
      if (isPaid !== isSuccess) {
        auditor.fail(
          3,
          `${name} is ${isPaid ? '' : 'not '}in the ledger, its result is ${target.result?.processStatus}`,
        );
      }
    }
  }
}

/** 11. Without any fault each target is published exactly once, in one run. */
export function checkCalmSeed(world: World): void {
  const { database, auditor, plan } = world;
  for (const promotion of database.promotions) {
    if (promotion.runs.length !== 1) {
      auditor.fail(
        11,
        `promotion ${promotion.promotionId} took ${promotion.runs.length} runs without any fault`,
      );
    }
    for (const target of promotion.targets) {
      const expected = isValid(promotion, target) ? 1 : 0;
      const sent = auditor.sentCount(promotion, target);
      if (sent !== expected) {
        auditor.fail(
          11,
          `${nameOf(promotion, target)} was published ${sent} times in a run of ${plan.targetCount}`,
        );
      }
    }
  }
}

function effectsOf({ money, database, auditor }: World): Effects {
  const effects = new Map<string, LedgerEntry[]>();
  for (const entry of money.ledger.values()) {
    const name = entry.key.split('-').slice(0, 3).join('-');
    const known = effects.get(name);
    if (known === undefined) effects.set(name, [entry]);
    else known.push(entry);
    const [type = '', promotionId = '', targetId = ''] = name.split('-');
    const promotion = database.find(promotionId);
    if (promotion?.promotionType !== type || !promotion.byId.has(targetId)) {
      auditor.fail(2, `${entry.key} was paid, and is no target`);
    }
  }
  return effects;
}

function checkTarget(world: World, promotion: PromotionRecord, target: TargetRecord, effects: Effects): void {
  const { auditor, database } = world;
  const name = nameOf(promotion, target);
  const { result, publishStatus } = target;
  const paid = effects.get(name) ?? [];

  // 1. At most one effect; exactly one, and that very one, if the result is SUCCESS.
  if (paid.length > 1) auditor.fail(1, `${name} was paid ${paid.length} times`);
  if (result?.processStatus === 'SUCCESS' && paid[0]?.transactionKey !== result.transactionKey) {
    auditor.fail(
      1,
      `${name} is SUCCESS with ${result.transactionKey}, the ledger has ${paid[0]?.transactionKey}`,
    );
  }

  // 2. Granted, failed with a reason, or PENDING because the campaign was stopped (FAILED campaigns are resumed too).
  const status = result?.processStatus;
  const isOpen = status === undefined || status === 'PENDING' || status === 'RETRYING';
  const mayBeOpen = promotion.status === 'STOPPED' || promotion.status === 'FAILED';
  // A RETRYING result goes back to PENDING when its message comes again, if the queue still has that message then.
  const isLeftRetrying = status === 'RETRYING' && !world.queueWasLost && !world.queueOverlaps;
  if (isOpen && (!mayBeOpen || publishStatus !== 'PENDING' || isLeftRetrying)) {
    auditor.fail(
      mayBeOpen ? 2 : 12,
      `${name} is ${publishStatus}, its result ${status ?? 'missing'}, the campaign ${promotion.status}`,
    );
  }
  if (status === 'FAILED' && (result?.errorMessage ?? '') === '')
    auditor.fail(2, `${name} is FAILED without a reason`);
  // 12. COMPLETED means that no target is PENDING.
  if (promotion.status === 'COMPLETED' && publishStatus === 'PENDING') {
    auditor.fail(12, `${name} is PENDING (its result ${status ?? 'missing'}), the campaign COMPLETED`);
  }

  // 13. Whatever struck, the final state is that of a run without faults, but for targets that were given up for a
  // transient cause (each with its dead letter, to be redriven).
  if (isOpen) return;
  const letter = database.deadLetters.get(name);
  if (!isValid(promotion, target)) {
    // Stopped between the result and the target's own status, it is still PENDING: whoever resumes finds it invalid.
    const isMarked = publishStatus === 'FAILED' || mayBeOpen;
    if (status !== 'FAILED' || !isMarked) {
      auditor.fail(13, `${name} is invalid and ended ${publishStatus} with a result ${status}`);
    }
  } else if (status === 'FAILED' && letter === undefined) {
    auditor.fail(2, `${name} is FAILED (${result?.errorMessage}) without a dead letter`);
  } else if (status === 'FAILED' && letter?.transient === false && !world.isRefused(name)) {
    auditor.fail(13, `${name} could be paid and ended FAILED for good: ${letter.cause}`);
  }
}

/**
 * 3. The ledger's sum of a promotion is that of its SUCCESS amounts, and never more than its total_amount. A target
 * that was given up, or stopped, with an unclear outcome (a timeout that may have paid) may be in the ledger as well:
 * its amount is allowed on top here, and not any more once it was redriven (checkLedgerEqualsRows).
 */
function checkSum({ auditor }: World, promotion: PromotionRecord, effects: Effects): void {
  let granted = 0;
  let recorded = 0;
  let unclear = 0;
  for (const target of promotion.targets) {
    const paid = effects.get(nameOf(promotion, target)) ?? [];
    const sum = paid.reduce((total, { amount }) => total + cents(amount), 0);
    granted += sum;
    const { amount } = target.row;
    const defaults = promotion.frozenDefaults ?? promotion.defaults;
    if (target.result?.processStatus === 'SUCCESS') recorded += cents(amount ?? defaults.amount ?? '0');
    else unclear += sum;
  }
  if (granted - unclear !== recorded) {
    auditor.fail(
      3,
      `the ledger has ${granted / 100} of promotion ${promotion.promotionId}, the rows ${recorded / 100}`,
    );
  }
  if (promotion.totalAmount !== null && granted > cents(promotion.totalAmount)) {
    auditor.fail(3, `${granted / 100} was granted of a total_amount of ${promotion.totalAmount}`);
  }
}

/** 4. The summary's counters are what counting the rows gives. */
function checkCounters({ auditor }: World, promotion: PromotionRecord): void {
  const { summary } = promotion;
  if (summary === undefined) return;
  const counted = { publishedCount: 0, successCount: 0, failCount: 0, retrySuccessCount: 0 };
  for (const { publishStatus, result } of promotion.targets) {
    if (publishStatus === 'PUBLISHED') counted.publishedCount += 1;
    if (result?.processStatus === 'FAILED') counted.failCount += 1;
    if (result?.processStatus !== 'SUCCESS') continue;
    counted.successCount += 1;
    if (result.attemptCount > 1) counted.retrySuccessCount += 1;
  }
  const { progress } = summary;
  const isEqual =
    progress.publishedCount === counted.publishedCount &&
    progress.successCount === counted.successCount &&
    progress.failCount === counted.failCount &&
    progress.retrySuccessCount === counted.retrySuccessCount;
  if (!isEqual) {
    auditor.fail(
      4,
      `the summary of promotion ${promotion.promotionId} (${promotion.status}) says ${JSON.stringify(progress)}, its rows ${JSON.stringify(counted)}`,
    );
  }
}

function isValid(promotion: PromotionRecord, { row }: TargetRecord): boolean {
  const { promotionId, promotionType, defaults } = promotion;
  return resolveTarget(row, { promotionId, promotionType, defaults, partitionNumber: 0, nowMs: START_MS }).ok;
}

function nameOf({ promotionType, promotionId }: PromotionRecord, { row }: TargetRecord): string {
  return `${promotionType}-${promotionId}-${row.targetId}`;
}
