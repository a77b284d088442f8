import type { CouponMeasurement } from './coupon-stats/measurement.ts';
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

const COUPON_COLUMNS: Columns<CouponMeasurement> = [
  ['workload', (of) => of.workload],
  ['size', (of) => String(of.size)],
  ['results', (of) => String(of.results)],
  ['correct', (of) => (of.isCorrect ? 'yes' : 'NO')],
  ['wall s', (of) => of.wallSeconds.toFixed(1)],
  ['stores s', (of) => of.stepSeconds.collectStores?.toFixed(1) ?? '-'],
  ['learn s', (of) => of.stepSeconds.learn?.toFixed(1) ?? '-'],
  ['aggregate s', (of) => of.stepSeconds.aggregate?.toFixed(1) ?? '-'],
  ['members s', (of) => of.stepSeconds.collectMembers?.toFixed(1) ?? '-'],
  ['send s', (of) => of.stepSeconds.send?.toFixed(1) ?? '-'],
  ['size/s', (of) => of.perSecond.toFixed(0)],
  ['cpu stores', (of) => of.cpu.collectStores?.toFixed(4) ?? '-'],
  ['learn', (of) => of.cpu.learn?.toFixed(4) ?? '-'],
  ['aggregate', (of) => of.cpu.aggregate?.toFixed(4) ?? '-'],
  ['members', (of) => of.cpu.collectMembers?.toFixed(4) ?? '-'],
  ['send', (of) => of.cpu.send?.toFixed(4) ?? '-'],
  ['others', (of) => of.cpu.otherFunctions.toFixed(4)],
  ['database', (of) => of.cpu.database.toFixed(4)],
  ['services', (of) => of.cpu.services.toFixed(4)],
  ['stand-ins', (of) => of.cpu.standIns.toFixed(4)],
  ['rss MB', (of) => of.peakRssMegabytes.function.toFixed(0)],
  ['runtime MB', (of) => of.peakRssMegabytes.runtime.toFixed(0)],
  ['db', (of) => String(of.databaseQuestions)],
  ['store calls', (of) => String(of.storeServiceCalls)],
  ['token calls', (of) => String(of.notificationServiceCalls)],
];

/** A line for each measurement. CPU is in seconds per 1,000 targets, round trips are per 1,000 targets. */
export function tableOf(measurements: readonly Measurement[]): string {
  return aligned(COLUMNS, measurements);
}

/** A line for each. The same for 1,000 users; rss is of the largest of the contender's own processes. */
export function syncTableOf(measurements: readonly SyncMeasurement[]): string {
  return aligned(SYNC_COLUMNS, measurements);
}

/** A line for each. CPU is in seconds for 1,000 histories or members; round trips are all of them. */
export function couponTableOf(measurements: readonly CouponMeasurement[]): string {
  return aligned(COUPON_COLUMNS, measurements);
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
