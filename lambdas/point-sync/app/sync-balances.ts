import type { Figures, JobRange, JobRun, RangeOutput } from '../../../schema/jobs.ts';
import type { Chunk } from '../../shared/jobs/walk-range.ts';
import { walkRange } from '../../shared/jobs/walk-range.ts';
import { findingOf, isToBeWritten } from '../domain/balance.ts';
import type { BalanceRow, Finding } from '../domain/balance.ts';
import { STEPS } from '../domain/steps.ts';
import type { BalanceCache, Checkpoints, Clock, PointStore, TimeBudget } from '../ports.ts';

const PAGE = 1_000;

interface Services {
  readonly store: PointStore;
  readonly cache: BalanceCache;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
}

/** Makes the balances in Redis equal to the rows of a range of users. What a writer made newer meanwhile stays. */
export function syncBalances(
  services: Services,
  { jobRun, range }: { readonly jobRun: JobRun; readonly range: JobRange },
  budget: TimeBudget,
): Promise<RangeOutput> {
  const { jobRunId } = jobRun;
  const { rangeNumber, toId } = range;
  return walkRange(
    services,
    { jobRunId, step: STEPS.syncBalances, rangeNumber },
    (position) => syncPage(services, { afterId: position, toId }),
    budget,
  );
}

async function syncPage(
  { store, cache }: Services,
  range: { readonly afterId: string; readonly toId: string },
): Promise<Chunk> {
  const rows = await store.balances(range, PAGE);
  const isLast = rows.length < PAGE;
  if (rows.length === 0) return { position: range.afterId, figures: {}, isLast };
  const cached = await cache.read(rows.map((row) => row.userId));

  const count = { equal: 0, newer: 0, missing: 0, stale: 0, drifted: 0, unreadable: 0 };
  const toWrite: { row: BalanceRow; finding: Finding }[] = [];
  const kept: string[] = [];
  for (const [index, row] of rows.entries()) {
    const finding = findingOf(row, cached[index] ?? { balance: null, version: null });
    if (isToBeWritten(finding)) {
      toWrite.push({ row, finding });
    } else {
      count[finding] += 1;
      kept.push(row.userId);
    }
  }

  let unwritten = 0;
  const written = await cache.settle(
    toWrite.map(({ row }) => row),
    kept,
  );
  for (const [index, { finding }] of toWrite.entries()) {
    const became = written[index];
    if (became === 'written') count[finding] += 1;
    else if (became === 'replaced') count.unreadable += 1;
    else if (became === 'newer') count.newer += 1;
    else unwritten += 1;
  }

  const figures: Figures = {
    read: rows.length,
    alreadyEqual: count.equal,
    corrected: count.stale + count.drifted + count.unreadable,
    missing: count.missing,
    newerKept: count.newer,
    drifted: count.drifted,
    stale: count.stale,
    unreadable: count.unreadable,
    unwritten,
    negativeBalances: rows.filter((row) => row.balance.startsWith('-')).length,
  };
  return { position: rows.at(-1)?.userId ?? range.afterId, figures, isLast };
}
