/**
 * The port CampaignStore over the simulated database: each statement of the SQL adapters is one step here, atomic,
 * and a transaction is one step as a whole. Between two steps anything may happen.
 */
import { endedAlert } from '../../../lambdas/campaign-grant/domain/alerts.ts';
import type { EndedOutcome, StoppedBy } from '../../../lambdas/campaign-grant/domain/alerts.ts';
import { afterSuccess } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { Breaker, BreakerReading } from '../../../lambdas/campaign-grant/domain/breaker.ts';
import type { DeadLetter, GrantResult } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import type { GrantId } from '../../../lambdas/campaign-grant/domain/idempotency.ts';
import type {
  BeginFrom,
  CampaignStore,
  GrantState,
  OpenRun,
  PromotionKey,
} from '../../../lambdas/campaign-grant/ports.ts';
import type { PromotionType } from '../../../schema/promotion.ts';
import type { Database } from './database.ts';
import { addAmounts, positive } from './decimals.ts';
import type { DeadLetterRecord, PromotionRecord, TargetRecord } from './rows.ts';
import { dateTimeMs, wholeSecondMs } from './seoul-date-time.ts';

/** Who runs statements: each is one round trip, which may fail, and whose answer may be lost. */
export interface StatementRunner {
  statement<T>(what: string, step: () => T): Promise<T>;
  /** Results that are committed: what was called and is not recorded may be called once more. */
  recorded?(promotionType: PromotionType, results: readonly GrantResult[]): void;
  /** This environment is the one that sends the probe. */
  claimedProbe?(before: Breaker, claimedMs: number): void;
  published?(of: PromotionKey, targetIds: readonly string[]): void;
  gaveUp?(deadLetters: readonly DeadLetter[]): void;
}

const SEEN_WITHIN_MS = 60_000;
const EXPECTED_WITHIN_MS = 120_000;
const NO_PROGRESS = { publishedCount: 0, successCount: 0, failCount: 0, retrySuccessCount: 0 };

export function simCampaignStore(database: Database, runner: StatementRunner): CampaignStore {
  const run = <T>(what: string, step: () => T) => runner.statement(what, step);
  const targetsOf = ({ promotionId, promotionType }: PromotionKey): readonly TargetRecord[] => {
    const promotion = database.find(promotionId);
    return promotion?.promotionType === promotionType ? promotion.targets : [];
  };
  const countWhere = (of: PromotionKey, matches: (target: TargetRecord) => boolean) => {
    let count = 0;
    for (const target of targetsOf(of)) if (matches(target)) count += 1;
    return count;
  };
  const readBreaker = (): BreakerReading => ({ ...database.breaker, nowMs: database.nowMs() });
  const targetOf = (
    promotionType: PromotionType,
    { promotionId, targetId }: Omit<GrantId, 'promotionType'>,
  ) => {
    const promotion = database.find(promotionId);
    return promotion?.promotionType === promotionType ? promotion.byId.get(targetId) : undefined;
  };

  /** Campaigns of a simulation fit into one page of the adapter's sweep. */
  const sweep = async (what: string, of: PromotionKey, mayChange: () => boolean) => {
    const page = await run(`${what} (1: range)`, () =>
      rangeOf(targetsOf(of), 'PUBLISHED', '0', Number.POSITIVE_INFINITY),
    );
    if (page === undefined) return;
    const from = Number(page.fromTargetId);
    const to = Number(page.toTargetId);
    const inRange = () => (mayChange() ? targetsOf(of).filter(({ id }) => id >= from && id <= to) : []);
    await run(`${what} (2: targets)`, () => {
      for (const target of inRange()) if (isUnpaid(target)) target.publishStatus = 'PENDING';
    });
    await run(`${what} (3: results)`, () => {
      for (const target of inRange()) resetRetrying(target);
    });
    await run(`${what} (4: range)`, () => undefined);
  };

  const recountOf = (of: PromotionKey) => {
    const summary = database.find(of.promotionId)?.summary;
    if (summary === undefined) return;
    const results = (mayCount: (target: TargetRecord) => boolean) => countWhere(of, mayCount);
    summary.progress = {
      publishedCount: results((target) => target.publishStatus === 'PUBLISHED'),
      successCount: results((target) => target.result?.processStatus === 'SUCCESS'),
      failCount: results((target) => target.result?.processStatus === 'FAILED'),
      retrySuccessCount: results(
        ({ result }) => result?.processStatus === 'SUCCESS' && result.attemptCount > 1,
      ),
    };
  };

  return {
    findPromotion: (promotionId) =>
      run('findPromotion', () => {
        const promotion = database.find(promotionId);
        if (promotion === undefined) return undefined;
        const { promotionType, status, totalAmount, reservationAt } = promotion;
        const defaults = promotion.frozenDefaults ?? promotion.defaults;
        return { promotionId, promotionType, status, totalAmount, reservationAt, defaults };
      }),

    promotionStatus: (promotionId) => run('promotionStatus', () => database.find(promotionId)?.status),

    latestRun: (promotionId) =>
      run('latestRun', () => {
        const promotion = database.find(promotionId);
        const latest = promotion?.runs.at(-1);
        if (latest === undefined || promotion?.summary === undefined) return undefined;
        const { runNumber, executionId } = latest;
        return { runNumber, executionId, summaryId: promotion.summary.summaryId };
      }),

    isPaying: ({ promotionId, runNumber }) =>
      run('isPaying', () => {
        const promotion = database.find(promotionId);
        return promotion?.status === 'IN_PROGRESS' && isLatestRun(promotion, runNumber);
      }),

    beginRun: ({ promotionId, executionId, from, nowMs }) =>
      run('beginRun', () => {
        if (anotherPays(database, promotionId)) return 'another-pays';
        const promotion = database.find(promotionId);
        if (promotion === undefined || !holds(promotion, from)) return 'refused';
        goOn(database, promotion, 'IN_PROGRESS', nowMs);
        promotion.summary ??= {
          summaryId: String(1000 + Number(promotionId)),
          progress: NO_PROGRESS,
          completedMs: null,
          stoppedMs: null,
          stoppedMemo: null,
        };
        Object.assign(promotion.summary, { completedMs: null, stoppedMs: null, stoppedMemo: null });
        endRuns(promotion, 'CONTINUED', nowMs);
        const runNumber = (promotion.runs.at(-1)?.runNumber ?? 0) + 1;
        promotion.runs.push({ runNumber, executionId, endedAt: null, outcome: null });
        promotion.frozenDefaults ??= promotion.defaults;
        promotion.turn = undefined;
        database.witness.runBegun(promotion);
        return 'begun';
      }),

    recordPartitionCount: (promotionId, partitionCount) =>
      run('recordPartitionCount', () => {
        const promotion = database.find(promotionId);
        if (promotion !== undefined) promotion.partitionCount = partitionCount;
      }),

    saveProgress: (
      { promotionId, runNumber },
      { publishedCount, successCount, failCount, retrySuccessCount },
    ) =>
      run('saveProgress', () => {
        const promotion = database.find(promotionId);
        if (promotion?.summary === undefined || promotion.status !== 'IN_PROGRESS') return;
        if (!isLatestRun(promotion, runNumber)) return;
        promotion.summary.progress = { publishedCount, successCount, failCount, retrySuccessCount };
      }),

    recount: (of) => run('recount', () => recountOf(of)),

    stopCampaign: (promotionId, memo, nowMs, by) =>
      run('stopCampaign', () => {
        const promotion = database.find(promotionId);
        if (promotion?.status !== 'IN_PROGRESS') return false;
        leaveInProgress(database, promotion, 'STOPPED', { nowMs, by });
        recordStop(promotion, memo, nowMs);
        return true;
      }),

    finishRun: ({ promotionId, promotionType, runNumber, outcome, memo, nowMs }) =>
      run(`finishRun ${outcome}`, () => {
        const promotion = database.find(promotionId);
        if (promotion === undefined) return outcome;
        recordEndByHand(database, promotion, nowMs);
        if (promotion.status !== 'IN_PROGRESS' || !isLatestRun(promotion, runNumber)) return promotion.status;
        const of = { promotionId, promotionType };
        if (outcome === 'COMPLETED' && targetsOf(of).some(isOpen)) return promotion.status;
        leaveInProgress(database, promotion, outcome, { nowMs });
        if (outcome === 'FAILED') {
          recordStop(promotion, memo ?? '', nowMs);
        } else {
          if (promotion.summary !== undefined) promotion.summary.completedMs = nowMs;
          recountOf(of);
          endRuns(promotion, 'COMPLETED', nowMs);
        }
        return promotion.status;
      }),

    closeRun: ({ executionId, outcome, memo, nowMs }) =>
      run('closeRun', () => {
        const open = openRuns(database, nowMs).find(
          (candidate) => candidate.executionId === executionId && candidate.status === 'IN_PROGRESS',
        );
        const promotion = open?.status === 'IN_PROGRESS' ? database.find(open.promotionId) : undefined;
        if (promotion === undefined) return undefined;
        leaveInProgress(database, promotion, outcome, { nowMs });
        recordStop(promotion, memo, nowMs);
        const { promotionId, promotionType } = promotion;
        return { promotionId, promotionType };
      }),

    openRuns: (woundUpSinceMs) => run('openRuns', () => openRuns(database, woundUpSinceMs)),

    endStoppedRun: (promotionId, nowMs) =>
      run('endStoppedRun', () => {
        const promotion = database.find(promotionId);
        if (promotion?.status !== 'STOPPED' && promotion?.status !== 'FAILED') return;
        recordEndByHand(database, promotion, nowMs);
        endRuns(promotion, promotion.status, nowMs);
      }),

    awaitedPromotions: () =>
      run('awaitedPromotions', () =>
        database.promotions
          .map((promotion) => ({ promotion, runNumber: promotion.runs.at(-1)?.runNumber ?? 0 }))
          .filter(({ promotion: { status, reservationAt }, runNumber }) => {
            return status === 'READY' && (reservationAt !== null || runNumber > 0);
          })
          .sort((a, b) => byTurn(turnKey(a.promotion, null), turnKey(b.promotion, null)))
          .map(({ promotion: { promotionId, reservationAt }, runNumber }) => ({
            promotionId,
            reservationAt,
            runNumber,
          })),
      ),

    async askForTurn({ promotionId, executionId, nowMs }) {
      await run('askForTurn (1: waits)', () => {
        const promotion = database.find(promotionId);
        if (promotion === undefined) throw new Error('a foreign key constraint fails');
        const seenMs = database.nowMs();
        if (promotion.turn === undefined) {
          promotion.turn = { executionId, askedMs: wholeSecondMs(nowMs), seenMs };
        } else {
          Object.assign(promotion.turn, { executionId, seenMs });
        }
      });
      if (await run('askForTurn (2: who pays)', () => anotherPays(database, promotionId))) return false;
      return run('askForTurn (3: who is first)', () => {
        const first = firstInTurn(database, nowMs);
        return first === undefined || first === promotionId;
      });
    },

    countTargets: (of) => run('countTargets', () => targetsOf(of).length),
    countPending: (of) =>
      run('countPending', () => countWhere(of, (target) => target.publishStatus === 'PENDING')),
    countPublished: (of) =>
      run('countPublished', () => countWhere(of, (target) => target.publishStatus === 'PUBLISHED')),

    plannedAmount: (of) =>
      run('plannedAmount', () => {
        const promotion = database.find(of.promotionId);
        const defaults = promotion?.frozenDefaults ?? promotion?.defaults;
        return addAmounts(targetsOf(of).map(({ row }) => positive(row.amount ?? defaults?.amount ?? '0')));
      }),

    pendingRange: (of, afterTargetId, size) =>
      run('pendingRange', () => rangeOf(targetsOf(of), 'PENDING', afterTargetId, size)),

    pendingTargets: (of, { afterTargetId, toTargetId, limit }) =>
      run('pendingTargets', () => {
        const after = Number(afterTargetId);
        const to = Number(toTargetId);
        const page = [];
        for (const { id, row, publishStatus, result } of targetsOf(of)) {
          if (page.length === limit) break;
          if (publishStatus === 'PENDING' && id > after && id <= to) {
            page.push({ ...row, processStatus: result?.processStatus ?? null });
          }
        }
        return page;
      }),

    markPublished: (of, targetIds) =>
      run('markPublished', () => {
        runner.published?.(of, targetIds);
        const status = database.find(of.promotionId)?.status;
        if (status === 'STOPPED' || status === 'FAILED' || status === 'COMPLETED') return 0;
        return setPublishStatus(of, targetIds, 'PUBLISHED', targetOf);
      }),

    async recordInvalid(of, invalid) {
      await run('recordInvalid (1: results)', () => {
        for (const { targetId, reason } of invalid) {
          const target = targetOf(of.promotionType, { promotionId: of.promotionId, targetId });
          if (target === undefined) continue;
          target.result ??= emptyResult();
          if (target.result.processStatus === 'SUCCESS') continue;
          target.result.errorMessage = reason;
          target.result.processStatus = 'FAILED';
        }
      });
      const targetIds = invalid.map(({ targetId }) => targetId);
      return run('recordInvalid (2: targets)', () => setPublishStatus(of, targetIds, 'FAILED', targetOf));
    },

    async returnUnpaid(of) {
      await sweep('returnUnpaid', of, () => true);
      const promotion = database.find(of.promotionId);
      if (promotion !== undefined) database.witness.takenBack(promotion);
    },
    windUp: (of) => sweep('windUp', of, () => database.find(of.promotionId)?.status !== 'IN_PROGRESS'),

    adoptSettled: (of) =>
      run('adoptSettled', () => {
        for (const target of targetsOf(of)) {
          const status = target.result?.processStatus;
          const isSettled = status === 'SUCCESS' || status === 'FAILED';
          if (target.publishStatus !== 'PENDING' || !isSettled) continue;
          const isInvalid = status === 'FAILED' && target.result?.attemptCount === 0;
          target.publishStatus = isInvalid ? 'FAILED' : 'PUBLISHED';
        }
      }),

    async readBatch(promotionType, grants) {
      const states = await run(`readBatch of ${grants.length}`, () => ({
        states: grants.flatMap(({ promotionId, targetId }): GrantState[] => {
          const promotion = database.find(promotionId);
          const target = targetOf(promotionType, { promotionId, targetId });
          if (promotion === undefined || target === undefined) return [];
          return [
            {
              targetId,
              promotionId,
              promotionStatus: promotion.status,
              summaryId: promotion.summary?.summaryId ?? null,
              processStatus: target.result?.processStatus ?? null,
              attemptCount: target.result?.attemptCount ?? 0,
            },
          ];
        }),
        breaker: readBreaker(),
      }));
      if (states.states.length > 0) return states;
      return { states: [], breaker: await run('readBreaker', readBreaker) };
    },

    readGate: (promotionIds) =>
      run('readGate', () => ({
        inProgress: new Set(
          promotionIds.filter((promotionId) => database.find(promotionId)?.status === 'IN_PROGRESS'),
        ),
        breaker: readBreaker(),
      })),

    recordResults: (promotionType, results) =>
      run(`recordResults of ${results.length}`, () => {
        const taken = results.filter((result) => {
          const target = targetOf(promotionType, result);
          return target === undefined || recordResult(target, result);
        });
        runner.recorded?.(promotionType, taken);
      }),

    async recordDeadLetters(deadLetters) {
      if (deadLetters.length === 0) return;
      await run(`recordDeadLetters of ${deadLetters.length}`, () => {
        const current = deadLetters.filter(({ grant, transient, attemptCount }) => {
          const result = grant === null ? undefined : targetOf(grant.promotionType, grant)?.result;
          return !transient || result === undefined || result.attemptCount >= attemptCount - 1;
        });
        for (const { key, grant, cause, errorMessage, transient, attemptCount } of current) {
          const columns = { cause, errorMessage, transient, attemptCount };
          const existing = database.deadLetters.get(key);
          if (existing === undefined) database.deadLetters.set(key, { key, grant, ...columns });
          else Object.assign(existing, columns);
        }
        runner.gaveUp?.(current);
      });
    },

    async returnToPending(promotionType, grants) {
      const paused = () =>
        grants.flatMap((grant) => {
          const isPaused = database.find(grant.promotionId)?.status !== 'IN_PROGRESS';
          return isPaused ? (targetOf(promotionType, grant) ?? []) : [];
        });
      await run('returnToPending (1: targets)', () => {
        for (const target of paused()) if (isUnpaid(target)) target.publishStatus = 'PENDING';
      });
      await run('returnToPending (2: results)', () => paused().forEach(resetRetrying));
    },

    countResults: (of) =>
      run('countResults', () => {
        const counts = { successCount: 0, failCount: 0, retrySuccessCount: 0 };
        for (const { result } of targetsOf(of)) {
          if (result?.processStatus === 'FAILED') counts.failCount += 1;
          if (result?.processStatus !== 'SUCCESS') continue;
          counts.successCount += 1;
          if (result.attemptCount > 1) counts.retrySuccessCount += 1;
        }
        return counts;
      }),

    grantedAmount: (of) =>
      run('grantedAmount', () => {
        const defaults = database.find(of.promotionId)?.frozenDefaults;
        const paid = targetsOf(of).filter(({ result }) => result?.processStatus === 'SUCCESS');
        return addAmounts(paid.map(({ row }) => row.amount ?? defaults?.amount ?? '0'));
      }),

    readBreaker: () => run('readBreaker', readBreaker),

    saveBreaker: (expectedVersion, next, alert) => {
      // As the adapter does: a statement that is repeated because its answer was lost finds its own write.
      const written = Symbol('writer');
      return run('saveBreaker', () => {
        if (database.breakerWrittenBy === written) return true;
        if (database.breaker.version !== expectedVersion) return false;
        const { version, consecutiveFailures, streakStartedMs, openedMs, probeMs } = next;
        const before = database.breaker;
        if (probeMs !== null && probeMs !== before.probeMs) runner.claimedProbe?.(before, probeMs);
        database.saveBreaker({ version, consecutiveFailures, streakStartedMs, openedMs, probeMs });
        database.breakerWrittenBy = written;
        if (alert !== undefined) database.raiseAlert(alert);
        return true;
      });
    },

    endStreak: (successMs) =>
      run('endStreak', () => {
        const ended = afterSuccess(database.breaker, successMs);
        if (ended === undefined) return;
        database.saveBreaker(ended);
        database.breakerWrittenBy = undefined;
      }),

    raiseAlert: (alert) => run('raiseAlert', () => database.raiseAlert(alert)),

    unpublishedAlerts: (limit) =>
      run('unpublishedAlerts', () =>
        [...database.alerts.values()]
          .filter(({ isTold }) => !isTold)
          .slice(0, limit)
          .map(({ alert }) => alert),
      ),

    markTold: (key) =>
      run('markTold', () => {
        const raised = database.alerts.get(key);
        if (raised !== undefined) raised.isTold = true;
      }),

    alertCampaign: ({ promotionId, runNumber }) =>
      run('alertCampaign', () => {
        const promotion = database.find(promotionId);
        const of = promotion?.runs.find((candidate) => candidate.runNumber === runNumber);
        if (promotion?.summary === undefined || of === undefined) return undefined;
        const { promotionType, summary } = promotion;
        const { successCount, failCount, retrySuccessCount } = summary.progress;
        return {
          promotionId,
          promotionType,
          runNumber,
          executionArn: of.executionId,
          totalCount: promotion.targets.length,
          successCount,
          failCount,
          retrySuccessCount,
          startedAt: null,
          endedAt: null,
          memo: summary.stoppedMemo,
        };
      }),

    redrive: (of, { causes, targetIds }, limit) =>
      run('redrive', () => {
        const letters = failedLetters(database, of)
          .filter(({ letter, target }) => {
            const { targetId } = target.row;
            return (
              (causes === undefined || causes.includes(letter.cause)) &&
              (targetIds === undefined || targetIds.includes(targetId))
            );
          })
          .slice(0, limit);
        redriveLetters(database, of, letters, false);
        const promotion = database.find(of.promotionId);
        if (letters.length > 0 && promotion?.status === 'COMPLETED') database.setStatus(promotion, 'READY');
        return letters.length;
      }),

    redriveTransient: (of, limit) =>
      run('redriveTransient', () => {
        const automatic = new Set(
          database.redrives.filter(({ isAutomatic }) => isAutomatic).map(({ key }) => key),
        );
        const letters = failedLetters(database, of)
          .filter(({ letter }) => letter.transient && !automatic.has(letter.key))
          .slice(0, limit);
        redriveLetters(database, of, letters, true);
        return letters.length;
      }),
  };
}

function anotherPays(database: Database, promotionId: string): boolean {
  return database.promotions.some(
    (other) => other.status === 'IN_PROGRESS' && other.promotionId !== promotionId,
  );
}

function holds(promotion: PromotionRecord, from: BeginFrom): boolean {
  if ('statuses' in from) return from.statuses.includes(promotion.status);
  const latest = promotion.runs.at(-1);
  return (
    promotion.status === 'IN_PROGRESS' &&
    latest?.executionId === from.latestExecutionId &&
    latest.runNumber === from.runNumber
  );
}

function isLatestRun({ runs }: PromotionRecord, runNumber: number): boolean {
  return runs.at(-1)?.runNumber === runNumber;
}

function openRuns(database: Database, woundUpSinceMs: number): OpenRun[] {
  return database.promotions.flatMap(({ promotionId, promotionType, status, runs }) => {
    const latest = runs.at(-1);
    if (latest === undefined || (status !== 'IN_PROGRESS' && status !== 'STOPPED' && status !== 'FAILED'))
      return [];
    const isWoundUp = latest.endedAt !== null && latest.endedAt <= woundUpSinceMs;
    if (status !== 'IN_PROGRESS' && isWoundUp) return [];
    const { executionId, runNumber } = latest;
    return [
      { promotionId, promotionType, status, executionId, runNumber, isWoundUp: latest.endedAt !== null },
    ];
  });
}

interface Leaving {
  readonly nowMs: number;
  readonly by?: StoppedBy | undefined;
}

function leaveInProgress(
  database: Database,
  promotion: PromotionRecord,
  outcome: EndedOutcome,
  leaving: Leaving,
): void {
  database.setStatus(promotion, outcome);
  raiseEnded(database, promotion, outcome, leaving);
}

function raiseEnded(
  database: Database,
  { promotionId, runs }: PromotionRecord,
  outcome: EndedOutcome,
  { nowMs, by }: Leaving,
): void {
  const latest = runs.at(-1);
  if (latest === undefined) return;
  const { runNumber } = latest;
  database.raiseAlert({ ...endedAlert({ promotionId, runNumber }, outcome, by), raisedAtMs: nowMs });
}

/** Of a status that was set by hand nobody has told: whoever finds the run still open does. */
function recordEndByHand(database: Database, promotion: PromotionRecord, nowMs: number): void {
  const { status, runs, summary } = promotion;
  const isOpen = runs.at(-1)?.endedAt === null;
  if (!isOpen || (status !== 'STOPPED' && status !== 'FAILED')) return;
  if (summary !== undefined) {
    summary.stoppedMs ??= nowMs;
    summary.stoppedMemo ??= `the status was set to ${status}`;
  }
  raiseEnded(database, promotion, status, { nowMs });
}

export function goOn(
  database: Database,
  promotion: PromotionRecord,
  to: 'READY' | 'IN_PROGRESS',
  nowMs: number,
): void {
  recordEndByHand(database, promotion, nowMs);
  database.setStatus(promotion, to);
}

function recordStop(promotion: PromotionRecord, memo: string, nowMs: number): void {
  if (promotion.summary === undefined) return;
  promotion.summary.stoppedMs = nowMs;
  promotion.summary.stoppedMemo = memo;
}

/** All that are open. */
function endRuns({ runs }: PromotionRecord, outcome: string, nowMs: number): void {
  for (const open of runs) {
    if (open.endedAt !== null) continue;
    open.endedAt = nowMs;
    open.outcome = outcome;
  }
}

/** What the turn is decided by: when reserved (NULL sorts first), priority, id. */
type TurnKey = readonly [number, number, number];

function turnKey(promotion: PromotionRecord, askedMs: number | null): TurnKey {
  const reservedMs = promotion.reservationAt === null ? askedMs : dateTimeMs(promotion.reservationAt);
  return [reservedMs ?? Number.NEGATIVE_INFINITY, promotion.priority, Number(promotion.promotionId)];
}

function byTurn(a: TurnKey, b: TurnKey): number {
  if (a[0] !== b[0]) return a[0] < b[0] ? -1 : 1;
  return a[1] - b[1] || a[2] - b[2];
}

function firstInTurn(database: Database, nowMs: number): string | undefined {
  let first: { promotionId: string; key: TurnKey } | undefined;
  for (const promotion of database.promotions) {
    const { turn, status, reservationAt, promotionId } = promotion;
    const waits = turn !== undefined && turn.seenMs > database.nowMs() - SEEN_WITHIN_MS;
    const reservedMs = reservationAt === null ? undefined : dateTimeMs(reservationAt);
    const isExpected =
      status === 'READY' &&
      reservedMs !== undefined &&
      reservedMs <= nowMs &&
      reservedMs > nowMs - EXPECTED_WITHIN_MS;
    if (!waits && !isExpected) continue;
    const key = turnKey(promotion, waits ? turn.askedMs : null);
    if (first === undefined || byTurn(key, first.key) < 0) first = { promotionId, key };
  }
  return first?.promotionId;
}

function rangeOf(
  targets: readonly TargetRecord[],
  publishStatus: 'PENDING' | 'PUBLISHED',
  afterTargetId: string,
  size: number,
) {
  const after = Number(afterTargetId);
  let first: TargetRecord | undefined;
  let last: TargetRecord | undefined;
  let targetCount = 0;
  for (const target of targets) {
    if (targetCount === size) break;
    if (target.publishStatus !== publishStatus || target.id <= after) continue;
    first ??= target;
    last = target;
    targetCount += 1;
  }
  if (first === undefined || last === undefined) return undefined;
  return { fromTargetId: first.row.targetId, toTargetId: last.row.targetId, targetCount };
}

function setPublishStatus(
  of: PromotionKey,
  targetIds: readonly string[],
  publishStatus: 'PUBLISHED' | 'FAILED',
  targetOf: (type: PromotionType, grant: Omit<GrantId, 'promotionType'>) => TargetRecord | undefined,
): number {
  let changed = 0;
  for (const targetId of targetIds) {
    const target = targetOf(of.promotionType, { promotionId: of.promotionId, targetId });
    if (target?.publishStatus !== 'PENDING') continue;
    target.publishStatus = publishStatus;
    changed += 1;
  }
  return changed;
}

/** Not final, or not said to be. */
function isOpen({ publishStatus, result }: TargetRecord): boolean {
  const isFinal = result?.processStatus === 'SUCCESS' || result?.processStatus === 'FAILED';
  return !isFinal || publishStatus === 'PENDING';
}

function isUnpaid({ publishStatus, result }: TargetRecord): boolean {
  if (publishStatus !== 'PUBLISHED') return false;
  return result === undefined || result.processStatus === 'PENDING' || result.processStatus === 'RETRYING';
}

function resetRetrying({ result }: TargetRecord): void {
  if (result?.processStatus !== 'RETRYING') return;
  result.processStatus = 'PENDING';
  result.attemptCount = 0;
}

function emptyResult() {
  return { processStatus: 'PENDING' as const, transactionKey: null, errorMessage: null, attemptCount: 0 };
}

/** @returns false for one that is left out, because its batch was read before the row was reset. */
function recordResult(target: TargetRecord, next: GrantResult): boolean {
  const { processStatus, transactionKey, errorMessage, attemptCount } = next;
  const old = target.result;
  if (old === undefined) {
    target.result = { processStatus, transactionKey, errorMessage, attemptCount };
    return true;
  }
  if (old.processStatus === 'SUCCESS') return true;
  if (!next.decided && attemptCount > old.attemptCount + 1) return false;
  old.transactionKey = transactionKey;
  old.errorMessage = errorMessage;
  old.attemptCount = Math.max(old.attemptCount, attemptCount);
  if (old.processStatus !== 'FAILED' || processStatus === 'SUCCESS') old.processStatus = processStatus;
  return true;
}

interface FailedLetter {
  readonly letter: DeadLetterRecord;
  readonly target: TargetRecord;
}

function failedLetters(database: Database, of: PromotionKey): FailedLetter[] {
  const letters: FailedLetter[] = [];
  for (const letter of database.deadLetters.values()) {
    const { grant } = letter;
    if (grant?.promotionId !== of.promotionId || grant.promotionType !== of.promotionType) continue;
    const target = database.find(grant.promotionId)?.byId.get(grant.targetId);
    if (target?.result?.processStatus === 'FAILED') letters.push({ letter, target });
  }
  return letters;
}

function redriveLetters(
  database: Database,
  of: PromotionKey,
  letters: readonly FailedLetter[],
  isAutomatic: boolean,
): void {
  const promotion = database.find(of.promotionId);
  if (promotion === undefined || letters.length === 0) return;
  for (const { letter, target } of letters) {
    database.redrives.push({ key: letter.key, isAutomatic });
    target.publishStatus = 'PENDING';
    if (target.result?.processStatus !== 'FAILED') continue;
    target.result.processStatus = 'PENDING';
    target.result.attemptCount = 0;
  }
  database.witness.redriven(
    promotion,
    letters.map(({ target }) => target),
  );
}
