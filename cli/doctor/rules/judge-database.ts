import { fail, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export interface DatabaseFacts {
  readonly version: string;
  /** Of its local time to UTC. */
  readonly offsetMinutes: number;
  readonly sqlMode: string;
  readonly charset: string;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** Of the clock here, right before it was asked and right after it had answered. */
  readonly askedMs: number;
  readonly answeredMs: number;
}

const SEOUL_OFFSET_MINUTES = 9 * 60;
const SKEW_TO_WARN_MS = 2_000;
/** What is recorded from here would be told in another minute than it was. */
const SKEW_TO_FAIL_MS = 30_000;

export function judgeDatabase({ version, offsetMinutes, sqlMode, charset }: DatabaseFacts): Finding {
  const wrong = [
    offsetMinutes === SEOUL_OFFSET_MINUTES
      ? undefined
      : `its time zone is UTC${offsetMinutes < 0 ? '-' : '+'}${Math.abs(offsetMinutes)} min: set time_zone to Asia/Seoul`,
    /STRICT_(TRANS|ALL)_TABLES/.test(sqlMode)
      ? undefined
      : 'it cuts values that are too long: set a strict sql_mode',
    charset === 'utf8mb4' ? undefined : `its schema is in ${charset}: make it utf8mb4`,
  ].filter((each) => each !== undefined);
  return wrong.length === 0
    ? ok('database', `${version}, Asia/Seoul, strict, utf8mb4`)
    : fail('database', version, wrong.join('; '));
}

export function judgeClock({ nowMs, askedMs, answeredMs }: DatabaseFacts): Finding {
  // It was right at some moment between the two.
  const skewMs = Math.max(0, askedMs - nowMs, nowMs - answeredMs);
  const says =
    skewMs === 0 ? "the database's and the one here agree" : `${seconds(skewMs)} off the database's`;
  const todo = 'set the clock of this machine by NTP';
  if (skewMs >= SKEW_TO_FAIL_MS) return fail('clock', says, todo);
  return skewMs >= SKEW_TO_WARN_MS ? warn('clock', says, todo) : ok('clock', says);
}

export interface Migration {
  readonly name: string;
  readonly version: number;
  readonly checksum: string;
}

/** @param applied what the database has recorded */
export function judgeMigrations(known: readonly Migration[], applied: readonly Migration[]): Finding {
  const recorded = new Map(applied.map((each) => [each.version, each]));
  const missing = known.filter(({ version }) => !recorded.has(version));
  const changed = known.filter(({ version, checksum }) => {
    const found = recorded.get(version);
    return found !== undefined && found.checksum !== checksum;
  });
  const newer = applied.filter(({ version }) => !known.some((each) => each.version === version));
  if (missing.length > 0) {
    return fail(
      'migrations',
      `${names(missing)} not applied`,
      'deploy this version, or restart npm run local',
    );
  }
  if (changed.length > 0) {
    return fail(
      'migrations',
      `${names(changed)} applied otherwise than it is here`,
      'check out what was deployed',
    );
  }
  if (newer.length > 0) {
    return warn(
      'migrations',
      `${names(newer)} not known here`,
      'check out what was deployed: this version is older',
    );
  }
  return ok('migrations', `all ${known.length} applied`);
}

function names(migrations: readonly Migration[]): string {
  return migrations.map(({ name }) => name).join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
