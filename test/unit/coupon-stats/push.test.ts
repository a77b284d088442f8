import { describe, expect, it } from 'vitest';
import { recentDays } from '../../../lambdas/coupon-stats/domain/hour.ts';
import { decide, hourOfRun } from '../../../lambdas/coupon-stats/domain/push.ts';
import { usageWindow } from '../../../lambdas/coupon-stats/domain/usage-window.ts';
import { traceIdOf, uuid5 } from '../../../schema/coupon-trace-id.ts';

const PUSH = { memberId: '42', runDate: '2026-11-21', targetHour: 9 };

describe('a trace id', () => {
  it('is made as RFC 9562 says (appendix A.4)', () => {
    expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  it('is the same for the same push, for ever', () => {
    expect(traceIdOf(PUSH)).toBe(traceIdOf({ ...PUSH }));
    expect(traceIdOf(PUSH)).toMatchInlineSnapshot(`"11d551e5-4cca-5833-8b55-e68d36832ac4"`);
  });

  it('is another for another member, day or hour', () => {
    const others = [
      { ...PUSH, memberId: '43' },
      { ...PUSH, runDate: '2026-11-20' },
      { ...PUSH, targetHour: 10 },
    ];
    expect(new Set([PUSH, ...others].map(traceIdOf)).size).toBe(4);
  });
});

describe('a member', () => {
  const push = { memberId: '42', dong: 'Yeoksam-dong' };
  const hour = hourOfRun({ runDate: '2026-11-21', targetHour: 9 });

  it('without tokens gets none, events or not', () => {
    for (const activeEvents of [0, 3]) {
      expect(decide(push, hour, { tokens: [], activeEvents })).toEqual({ kind: 'none', status: 'NO_TOKENS' });
    }
  });

  it('in whose district no event is on gets none', () => {
    const status = 'NO_ACTIVE_EVENTS';
    expect(decide(push, hour, { tokens: ['a'], activeEvents: 0 })).toEqual({ kind: 'none', status });
  });

  it('gets one message for all of its tokens, each once', () => {
    expect(decide(push, hour, { tokens: ['b', 'a', 'b'], activeEvents: 3 })).toEqual({
      kind: 'send',
      message: {
        traceId: traceIdOf(PUSH),
        memberId: 42,
        tokens: ['b', 'a'],
        dong: 'Yeoksam-dong',
        hour: 9,
        activeEventCount: 3,
        runDate: '2026-11-21',
      },
    });
  });
});

it('a run that is of no hour sends nothing', () => {
  expect(() => hourOfRun({ runDate: '2026-11-21', targetHour: null })).toThrow('is of an hour');
});

it('favourites of three days count, the newest first', () => {
  expect(recentDays('2026-03-01')).toEqual(['2026-03-01', '2026-02-28', '2026-02-27']);
});

it('uses of twenty days count', () => {
  expect(usageWindow('2026-11-20')).toEqual({ first: '2026-11-01', last: '2026-11-20' });
});
