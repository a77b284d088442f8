import type { Measurement } from './measurement.ts';
import type { SyncMeasurement } from './point-sync/measurement.ts';

type Columns<Of> = readonly (readonly [string, (of: Of) => string])[];

const COLUMNS: Columns<Measurement> = [
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

const SYNC_COLUMNS: Columns<SyncMeasurement> = [
  ['workload', (of) => of.workload],
  ['users', (of) => String(of.users)],
  ['contender', (of) => of.contender],
  ['correct', (of) => (of.isCorrect ? 'yes' : 'NO')],
  ['wall s', (of) => of.wallSeconds.toFixed(1)],
  ['sync s', (of) => of.syncSeconds.toFixed(1)],
  ['sweep s', (of) => of.sweepSeconds?.toFixed(1) ?? '-'],
  ['report s', (of) => of.reportSeconds?.toFixed(1) ?? '-'],
  ['users/s', (of) => of.usersPerSecond.toFixed(0)],
  ['cpu sync', (of) => of.cpu.sync.toFixed(4)],
  ['sweep', (of) => of.cpu.sweep.toFixed(4)],
  ['report', (of) => of.cpu.report.toFixed(4)],
  ['others', (of) => of.cpu.otherFunctions.toFixed(4)],
  ['database', (of) => of.cpu.database.toFixed(4)],
  ['redis', (of) => of.cpu.redis.toFixed(4)],
  ['stand-ins', (of) => of.cpu.standIns.toFixed(4)],
  ['rss MB', (of) => of.peakRssMegabytes.toFixed(0)],
  ['db/1000', (of) => of.databaseQuestionsPer1000.toFixed(1)],
  ['redis/1000', (of) => of.redisCommandsPer1000.toFixed(0)],
  ['trips/1000 sync', (of) => of.redisRoundTripsPer1000.sync.toFixed(2)],
  ['sweep', (of) => of.redisRoundTripsPer1000.sweep.toFixed(2)],
];

/** A line for each measurement. CPU is in seconds per 1,000 targets, round trips are per 1,000 targets. */
export function tableOf(measurements: readonly Measurement[]): string {
  return aligned(COLUMNS, measurements);
}

/** A line for each. The same for 1,000 users; rss is of the largest of the contender's own processes. */
export function syncTableOf(measurements: readonly SyncMeasurement[]): string {
  return aligned(SYNC_COLUMNS, measurements);
}

function aligned<Of>(columns: Columns<Of>, measurements: readonly Of[]): string {
  const rows = [
    columns.map(([title]) => title),
    ...measurements.map((of) => columns.map(([, show]) => show(of))),
  ];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
    .join('\n');
}
