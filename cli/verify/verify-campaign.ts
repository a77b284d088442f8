/** Reads a campaign, and the ledger if there is one, once through; and judges. */
import type { SqlExecutor } from '../../lambdas/shared/data-api.ts';
import { readLedger } from './ledger/read-ledger.ts';
import { SortedLedger } from './ledger/sorted-ledger.ts';
import { readCampaign, readRowCounts, readStrayResults } from './read-campaign.ts';
import { readRanges } from '../targets/target-ids.ts';
import type { IdRange } from '../targets/target-ids.ts';
import { readTargets } from './read-targets.ts';
import type { CampaignFacts, RowCounts } from './rules/campaign-facts.ts';
import type { Check } from './rules/check.ts';
import { Found } from './rules/found.ts';
import { judgeCampaign } from './rules/judge-campaign.ts';
import { judgeLedger } from './rules/judge-ledger.ts';
import { judgeTargets } from './rules/judge-targets.ts';
import { LedgerTally } from './rules/ledger-tally.ts';
import type { GrantEntry } from './rules/ledger-tally.ts';
import { phaseOf } from './rules/phase.ts';
import type { Phase } from './rules/phase.ts';
import { TargetTally } from './rules/target-tally.ts';
import { SharedKeys } from './shared-keys.ts';

/** Targets whose ledger entries are in memory at once, for each reader: some megabytes. */
const RANGE_SIZE = 20_000;
/** Each range has a scratch file that is open all the time. */
const MOST_RANGES = 250;
/** Pages that are asked for at once. */
const READERS = 4;

export interface VerifyOptions {
  readonly promotionId: string;
  readonly ledgerUrl: string | undefined;
  readonly nowMs: number;
  /** A campaign that has just ended is judged as one that ended long ago. */
  readonly isFinal: boolean;
  readonly progress: (what: string, done: number, total?: number) => void;
}

export interface Verification {
  readonly facts: CampaignFacts;
  readonly phase: Phase;
  readonly targetCount: number;
  readonly checks: readonly Check[];
}

/** @throws Error of one line when it could not be checked */
export async function verifyCampaign(db: SqlExecutor, options: VerifyOptions): Promise<Verification> {
  const { promotionId, ledgerUrl, nowMs, isFinal } = options;
  const facts = await campaignOf(db, promotionId);
  const rows = await readRowCounts(db, facts);
  const targetCount = sumOf(rows.targets);
  const ranges = await readRanges(db, facts, Math.max(RANGE_SIZE, Math.ceil(targetCount / MOST_RANGES)));

  // The ledger first: what is paid while the rows are read is then missing from it, and never the other way round.
  const ledger = ledgerUrl === undefined ? undefined : new SortedLedger(facts, ranges);
  const keys = new SharedKeys(Math.max(1, ranges.length));
  try {
    if (ledger !== undefined && ledgerUrl !== undefined) await sortLedger(ledger, ledgerUrl, options);
    const tallies = { tally: new TargetTally(facts), ledgerTally: new LedgerTally(facts.promotionType) };
    await readAll(db, { facts, ranges, targetCount, ledger, keys, ...tallies, options });
    await refuseIfItChanged(db, facts);

    const { tally, ledgerTally } = tallies;
    const strayResults = await straysOf(db, facts, rows, tally);
    const phase = phaseOf(facts, nowMs, isFinal);
    const evidence = { facts, phase, rows, tally, strayResults, sharedKeys: keys.find() };
    const checks = [...judgeTargets(evidence), ...judgeCampaign(evidence)];
    if (ledger !== undefined) checks.push(...judgeLedger(evidence, ledgerTally));
    return { facts, phase, targetCount, checks };
  } finally {
    keys.close();
    ledger?.close();
  }
}

async function campaignOf(db: SqlExecutor, promotionId: string): Promise<CampaignFacts> {
  const facts = await readCampaign(db, promotionId);
  if (facts === undefined) throw new Error(`promotion ${promotionId} does not exist`);
  return facts;
}

async function sortLedger(ledger: SortedLedger, url: string, { progress }: VerifyOptions): Promise<void> {
  let count = 0;
  for await (const grant of readLedger(url)) {
    ledger.add(grant);
    count += 1;
    if (count % 1_000 === 0) progress('ledger lines read', count);
  }
}

interface Reading {
  readonly facts: CampaignFacts;
  readonly ranges: readonly IdRange[];
  readonly targetCount: number;
  readonly ledger: SortedLedger | undefined;
  readonly keys: SharedKeys;
  readonly tally: TargetTally;
  readonly ledgerTally: LedgerTally;
  readonly options: VerifyOptions;
}

async function readAll(db: SqlExecutor, reading: Reading): Promise<void> {
  const { ranges, ledger, ledgerTally } = reading;
  const left = ranges.entries();
  const readers = Array.from({ length: READERS }, async () => {
    for (const [index, range] of left) await readRange(db, reading, index, range);
  });
  await Promise.all(readers);
  // Without targets there is no range, and every entry is of none.
  if (ranges.length === 0) addUnknown(ledgerTally, ledger?.read(0));
}

async function readRange(db: SqlExecutor, reading: Reading, index: number, range: IdRange): Promise<void> {
  const { facts, targetCount, ledger, keys, tally, ledgerTally, options } = reading;
  const entries = ledger?.read(index);
  for await (const page of readTargets(db, facts, range)) {
    for (const target of page) {
      tally.add(target);
      const result = tally.resultOf(target);
      if (result?.processStatus === 'SUCCESS' && result.transactionKey !== null) {
        keys.add(result.transactionKey, target.targetId);
      }
      if (entries === undefined) continue;
      ledgerTally.add(target, entries.get(target.targetId) ?? [], tally);
      entries.delete(target.targetId);
    }
    options.progress('targets read', tally.targets, targetCount);
  }
  addUnknown(ledgerTally, entries);
}

function addUnknown(tally: LedgerTally, entries: ReadonlyMap<string, readonly GrantEntry[]> | undefined) {
  for (const entry of [...(entries?.values() ?? [])].flat()) tally.addUnknown(entry);
}

/** Judging one state by the rows of another would accuse a campaign that is right. */
async function refuseIfItChanged(db: SqlExecutor, before: CampaignFacts): Promise<void> {
  const after = await campaignOf(db, before.promotionId);
  if (after.status === before.status && after.runs.count === before.runs.count) return;
  throw new Error(
    `promotion ${before.promotionId} went from ${before.status} to ${after.status} while it was checked: verify it again`,
  );
}

async function straysOf(
  db: SqlExecutor,
  facts: CampaignFacts,
  rows: RowCounts,
  tally: TargetTally,
): Promise<Found> {
  const hasStrays = facts.status !== 'IN_PROGRESS' && sumOf(rows.results) > tally.ownResults;
  return hasStrays ? readStrayResults(db, facts) : new Found();
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
