import { grouped } from '../../output/grouped.ts';
import type { Duration } from '../rules/duration.ts';
import type { RunPlan } from '../rules/plan-run.ts';
import { section } from './section.ts';
import type { Row } from './section.ts';
import { decimal, time } from './units.ts';

export function runLines(plan: RunPlan): string[] {
  const { duration, pace, settings } = plan;
  const { partitionSizes, startSeconds, runSeconds, endSeconds, totalSeconds, bound } = duration;
  return section('Run', [
    ['partitions', `${partitionSizes.length} of ${grouped(partitionSizes[0] ?? 0)} targets at most`],
    ['environments', ...whyTheseEnvironments(plan)],
    ['left over', leftOver(plan)],
    [
      'paying',
      `${time(duration.payingSeconds)}: ${grouped(plan.work.toPay)} targets at ${decimal(pace.callsPerSecond, 1)} a second ` +
        `(the ceiling less ${decimal(settings.headroomSeconds * 1_000, 1)} ms of headroom a second)`,
    ],
    publishingRow(duration),
    ...customerRows(plan),
    [
      'expected',
      `${time(totalSeconds)}, bound by ${bound}`,
      `start ${time(startSeconds)} + ${bound} ${time(runSeconds)} + end ${time(endSeconds)} (start and end are assumed)`,
    ],
  ]);
}

function whyTheseEnvironments({ pace, settings, latency }: RunPlan): string[] {
  const slow =
    latency.slow === null
      ? ''
      : ` (${decimal(latency.slow.share * 100, 2)} % of ${grouped(latency.slow.ms)} ms counted in)`;
  return [
    `${grouped(settings.concurrency)}: each makes ${grouped(pace.callsOfOneEnvironment)} calls a second, and at a mean of ` +
      `${decimal(pace.meanLatencyMs, 1)} ms${slow} has ${decimal(pace.callsUnderWay, 1)} of them under way;`,
    'a slow answer wastes no slot, because an invocation goes on with further batches meanwhile, of',
    `${grouped(pace.batchSize)} messages each (docs/decisions/0006-a-lane-pays-on.md)`,
  ];
}

function leftOver({ pace, settings }: RunPlan): string {
  const { tps, concurrency } = settings;
  if (pace.leftOverTps === 0)
    return `nothing: ${grouped(concurrency)} environments share ${grouped(tps)} TPS evenly`;
  return (
    `${grouped(pace.leftOverTps)} of ${grouped(tps)} TPS is never used: ${grouped(tps)} mod ${grouped(concurrency)}, ` +
    'because each environment makes a whole number of calls a second'
  );
}

function publishingRow({ publishingRowsPerSecond, publishingSeconds, bound }: Duration): Row {
  const consequence =
    bound === 'publishing' ? 'SLOWER than paying: it is the bound' : 'hidden behind paying, which is slower';
  return [
    'publishing',
    `${time(publishingSeconds)} at ${grouped(publishingRowsPerSecond)} rows a second (assumed: 1,000 a partition), ${
      bound === 'one customer' ? 'beside paying' : consequence
    }`,
  ];
}

function customerRows({ duration, work }: RunPlan): Row[] {
  if (work.mostOfOneCustomer <= 1) return [];
  return [
    [
      'one customer',
      `${time(duration.oneCustomerSeconds)} at least: ${grouped(work.mostOfOneCustomer)} targets one after the other`,
    ],
  ];
}
