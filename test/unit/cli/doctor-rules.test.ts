import { describe, expect, it } from 'vitest';
import { judgeAlerts } from '../../../cli/doctor/rules/judge-alerts.ts';
import {
  judgeBreaker,
  judgeMachines,
  judgeMoneyApi,
  judgeRedis,
} from '../../../cli/doctor/rules/judge-campaigns.ts';
import type { PayingCampaign } from '../../../cli/doctor/rules/judge-campaigns.ts';
import { judgeClock, judgeDatabase, judgeMigrations } from '../../../cli/doctor/rules/judge-database.ts';
import type { DatabaseFacts } from '../../../cli/doctor/rules/judge-database.ts';
import { judgeDeadLetterQueue, judgeGrantQueue } from '../../../cli/doctor/rules/judge-queues.ts';

function makeDatabase(overrides: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return {
    version: '8.0.36',
    offsetMinutes: 540,
    sqlMode: 'STRICT_TRANS_TABLES,NO_ZERO_DATE',
    charset: 'utf8mb4',
    nowMs: 1_000_000,
    askedMs: 999_990,
    answeredMs: 1_000_010,
    ...overrides,
  };
}

function makePaying(overrides: Partial<PayingCampaign> = {}): PayingCampaign {
  return { promotionId: '7', executionId: 'run', measuredAgoMs: 3_000, finalPerSecond: 960, ...overrides };
}

describe('the database', () => {
  it('is ok as Aurora is set up', () => {
    expect(judgeDatabase(makeDatabase())).toMatchObject({
      status: 'ok',
      says: '8.0.36, Asia/Seoul, strict, utf8mb4',
    });
  });

  it('that is set up otherwise fails with all that is wrong', () => {
    const finding = judgeDatabase(
      makeDatabase({ offsetMinutes: 0, sqlMode: 'NO_ZERO_DATE', charset: 'latin1' }),
    );

    expect(finding.status).toBe('fail');
    expect(finding.todo).toMatch(/UTC\+0 min.*Asia\/Seoul; .*strict sql_mode; .*latin1/);
  });
});

describe('the clock', () => {
  it.each([
    [0, 'ok'],
    [-10, 'ok'],
    [1_999, 'ok'],
    [-2_011, 'warn'],
    [29_000, 'warn'],
    [40_000, 'fail'],
    [-40_000, 'fail'],
  ] as const)('that is %d ms off is %s', (offMs, status) => {
    expect(judgeClock(makeDatabase({ nowMs: 1_000_000 + offMs })).status).toBe(status);
  });

  it('is not blamed for an answer that took long', () => {
    expect(judgeClock(makeDatabase({ answeredMs: 1_060_000 })).status).toBe('ok');
  });
});

describe('migrations', () => {
  const one = { version: 1, name: '0001_a.sql', checksum: 'a' };
  const two = { version: 2, name: '0002_b.sql', checksum: 'b' };

  it.each([
    [[one, two], [one, two], 'ok', 'all 2 applied'],
    [[one, two], [one], 'fail', '0002_b.sql not applied'],
    [[one, two], [one, { ...two, checksum: 'c' }], 'fail', '0002_b.sql applied otherwise than it is here'],
    [[one], [one, two], 'warn', '0002_b.sql not known here'],
  ] as const)('are compared one by one', (known, applied, status, says) => {
    expect(judgeMigrations(known, applied)).toMatchObject({ status, says });
  });
});

describe('what pays', () => {
  it('an open breaker fails, and says what to do', () => {
    expect(judgeBreaker({ openForMs: 61_000, consecutiveFailures: 10 })).toMatchObject({
      status: 'fail',
      says: 'open for 61 s: the Money API fails',
    });
    expect(judgeBreaker({ openForMs: null, consecutiveFailures: 3 }).status).toBe('ok');
  });

  const closed = { openForMs: null, consecutiveFailures: 0 };
  const open = { openForMs: 1, consecutiveFailures: 10 };
  const url = 'http://money';
  it.each([
    [{ url, error: undefined }, closed, undefined, 'ok'],
    [{ url, error: 'ECONNREFUSED' }, closed, undefined, 'fail'],
    [undefined, closed, undefined, 'skipped'],
    [undefined, closed, makePaying(), 'ok'],
    [undefined, closed, makePaying({ finalPerSecond: 0 }), 'warn'],
    [undefined, closed, makePaying({ finalPerSecond: null }), 'skipped'],
    [undefined, open, makePaying(), 'warn'],
  ] as const)('the Money API is known by a call, or by its results', (reached, breaker, paying, status) => {
    expect(judgeMoneyApi(reached, breaker, paying).status).toBe(status);
  });

  it.each([
    [undefined, 'skipped'],
    [makePaying(), 'ok'],
    [makePaying({ measuredAgoMs: 91_000 }), 'warn'],
    [makePaying({ measuredAgoMs: null }), 'warn'],
  ] as const)('Redis is known by how fresh its counters are', (paying, status) => {
    expect(judgeRedis(paying).status).toBe(status);
  });

  it('state machines are active, and the campaign that is being paid has its execution', () => {
    const machine = { name: 'm', status: 'ACTIVE', running: ['run'] };

    expect(judgeMachines([machine], makePaying()).status).toBe('ok');
    expect(judgeMachines([machine], undefined)).toMatchObject({ status: 'ok', says: 'm (1 running)' });
    expect(judgeMachines([{ ...machine, running: [] }], makePaying()).status).toBe('warn');
    expect(judgeMachines([{ ...machine, status: 'DELETING' }], undefined).status).toBe('fail');
  });
});

describe('queues', () => {
  const DAY = 24 * 60 * 60;
  it.each([
    [{ waiting: 0, underWay: 0, oldestSeconds: null }, false, 'ok'],
    [{ waiting: 60_000, underWay: 40, oldestSeconds: 60 }, true, 'ok'],
    [{ waiting: 1, underWay: 0, oldestSeconds: null }, false, 'warn'],
    [{ waiting: 1, underWay: 0, oldestSeconds: DAY + 1 }, true, 'warn'],
    [{ waiting: 1, underWay: 0, oldestSeconds: 11 * DAY }, true, 'fail'],
  ] as const)('%j, while a campaign is paid: %s', (queue, isPaid, status) => {
    expect(judgeGrantQueue(queue, isPaid).status).toBe(status);
  });

  it('of dead letters are empty, as a rule', () => {
    expect(judgeDeadLetterQueue({ waiting: 0, underWay: 0, oldestSeconds: null }).status).toBe('ok');
    expect(judgeDeadLetterQueue({ waiting: 0, underWay: 1, oldestSeconds: 5 }).status).toBe('warn');
  });
});

describe('alerts', () => {
  const none = {
    unpublished: 0,
    oldestUnpublishedSeconds: null,
    undelivered: 0,
    oldestUndeliveredSeconds: null,
  };
  it.each([
    [{}, 'ok'],
    [{ unpublished: 1, oldestUnpublishedSeconds: 20 }, 'warn'],
    [{ unpublished: 1, oldestUnpublishedSeconds: 181 }, 'fail'],
    [{ undelivered: 2, oldestUndeliveredSeconds: 20 }, 'warn'],
    [{ undelivered: 2, oldestUndeliveredSeconds: 3_000 }, 'fail'],
  ] as const)('with %j are %s', (facts, status) => {
    expect(judgeAlerts({ ...none, ...facts }).status).toBe(status);
  });
});
