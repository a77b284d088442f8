import { checkLine } from '../checks.ts';
import type { Check } from '../checks.ts';
import type { DemoPromotion } from './load.ts';
import type { MoneyCalls } from './money-calls.ts';
import type { DemoOptions } from './command.ts';
import { highestWindowSeen } from './stand-in-stats.ts';
import type { World } from '../world.ts';

export interface CampaignResult {
  readonly promotion: DemoPromotion;
  readonly granted: number;
  readonly failed: number;
  readonly duplicates: number;
  readonly grantedAmount: string;
  /** From the start of the execution to its end. */
  readonly wallSeconds: number;
  readonly calls: MoneyCalls;
  readonly checks: readonly Check[];
}

/** Prints the table and the checks, and with --json the one object. @returns whether every check holds. */
export async function printResults(of: {
  readonly options: DemoOptions;
  readonly world: World;
  readonly results: readonly CampaignResult[];
  readonly setupSeconds: number;
  readonly out: NodeJS.WriteStream;
}): Promise<boolean> {
  const { options, world, results, setupSeconds, out } = of;
  const { money } = world.outside;
  const sentWindow = Math.max(...results.map((result) => result.calls.maxWindow1s));
  // Our stand-in counts arrivals; of an external one only what was sent is known.
  const maxWindow1s = money.isStandIn ? await highestWindowSeen(money.url) : sentWindow;
  const ceiling = {
    name: `no one-second window holds more than ${options.tps} Money calls (${money.isStandIn ? 'arrived' : 'sent'})`,
    ok: maxWindow1s <= options.tps,
    detail: String(maxWindow1s),
  };
  const verified = ceiling.ok && results.every((result) => result.checks.every((check) => check.ok));

  out.write(`\n${table(results)}\n\n`);
  for (const result of results) {
    out.write(`${result.promotion.promotionType.toLowerCase()} campaign ${result.promotion.promotionId}\n`);
    for (const check of result.checks) out.write(checkLine(check));
  }
  out.write('the whole demo\n');
  out.write(checkLine(ceiling));
  if (!money.isStandIn && options.ledger === undefined) {
    out.write(
      '  note  an external Money API without --ledger: what it granted is not checked, only our rows\n',
    );
  }
  out.write(verified ? '\nVERIFIED\n' : '\nNOT VERIFIED\n');
  if (options.json) process.stdout.write(`${JSON.stringify(summary())}\n`);
  return verified;

  function summary() {
    const sum = (of: (result: CampaignResult) => number) =>
      results.reduce((total, result) => total + of(result), 0);
    const callSeconds = sum((result) => result.calls.seconds);
    return {
      targets: sum((result) => result.promotion.targets),
      granted: sum((result) => result.granted),
      failed: sum((result) => result.failed),
      duplicates: sum((result) => result.duplicates),
      maxWindow1s,
      tps: callSeconds === 0 ? 0 : round(sum((result) => result.calls.count) / callSeconds),
      wallSeconds: round(sum((result) => result.wallSeconds)),
      setupSeconds: round(setupSeconds),
      verified,
      campaigns: results.map((result) => ({
        promotionId: result.promotion.promotionId,
        type: result.promotion.promotionType,
        targets: result.promotion.targets,
        granted: result.granted,
        failed: result.failed,
        grantedAmount: result.grantedAmount,
        moneyCalls: result.calls.count,
        callSeconds: round(result.calls.seconds),
        wallSeconds: round(result.wallSeconds),
      })),
    };
  }
}

const HEADINGS = [
  'campaign',
  'targets',
  'granted',
  'failed',
  'granted KRW',
  'Money calls',
  'calls/s',
  'wall s',
];

function table(results: readonly CampaignResult[]): string {
  const rows = results.map((result) => [
    result.promotion.promotionType.toLowerCase(),
    String(result.promotion.targets),
    String(result.granted),
    String(result.failed),
    result.grantedAmount,
    String(result.calls.count),
    result.calls.seconds === 0 ? '-' : String(Math.round(result.calls.count / result.calls.seconds)),
    result.wallSeconds.toFixed(1),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [HEADINGS, ...rows]
    .map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
    .join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
