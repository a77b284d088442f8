import type { Measurement } from './measurement.ts';

const COLUMNS: readonly [string, (of: Measurement) => string][] = [
  ['workload', (of) => of.workload],
  ['targets', (of) => String(of.targets)],
  ['contender', (of) => of.contender],
  ['correct', (of) => (of.isCorrect ? 'yes' : 'NO')],
  ['wall s', (of) => of.wallSeconds.toFixed(1)],
  ['published/s', (of) => of.publishedPerSecond.toFixed(0)],
  ['grants/s', (of) => of.grantsPerSecond.toFixed(0)],
  ['wall/ideal', (of) => of.wallOverIdeal?.toFixed(3) ?? '-'],
  ['utilisation', (of) => of.utilisation?.toFixed(3) ?? '-'],
  ['max window', (of) => String(of.maxWindow1s)],
  ['429', (of) => String(of.answers429)],
  ['p50 ms', (of) => String(of.latencyMs?.p50 ?? '-')],
  ['p99 ms', (of) => String(of.latencyMs?.p99 ?? '-')],
  ['cpu pay', (of) => of.cpu.payers.toFixed(3)],
  ['publish', (of) => of.cpu.publishers.toFixed(3)],
  ['others', (of) => of.cpu.otherFunctions.toFixed(3)],
  ['database', (of) => of.cpu.database.toFixed(3)],
  ['redis', (of) => of.cpu.redis.toFixed(3)],
  ['stand-ins', (of) => of.cpu.standIns.toFixed(3)],
  ['rss MB', (of) => of.peakRssMegabytes.toFixed(0)],
  ['db/1000', (of) => of.databaseQuestionsPer1000.toFixed(0)],
  ['redis/1000', (of) => of.redisCommandsPer1000.toFixed(0)],
];

/** A line for each measurement. CPU is in seconds per 1,000 targets, round trips are per 1,000 targets. */
export function tableOf(measurements: readonly Measurement[]): string {
  const rows = [
    COLUMNS.map(([title]) => title),
    ...measurements.map((of) => COLUMNS.map(([, show]) => show(of))),
  ];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
    .join('\n');
}
