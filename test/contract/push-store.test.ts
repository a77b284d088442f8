/** What becomes of pushes: the rows that use cases are tested with do as the real ones do. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sqlPushStore } from '../../lambdas/coupon-stats/adapters/sql-push-store.ts';
import type { PushStore, SettledPush } from '../../lambdas/coupon-stats/ports.ts';
import { startCampaignDatabase } from '../support/campaign-database.ts';
import type { CampaignDatabase } from '../support/campaign-database.ts';
import { MemoryPushes } from '../support/coupon-fakes.ts';

const HIGHEST = '9223372036854775807';
const ALL = { afterId: '0', toId: HIGHEST };
const HOUR = { runDate: '2026-11-21', targetHour: 12 };
const RUN = { ...HOUR, jobRunId: '7' };
const [A, B] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

interface Fixture {
  readonly store: () => PushStore;
  /** As PENDING. */
  readonly insert: (hour: typeof HOUR, memberIds: readonly string[]) => Promise<void>;
  readonly clear: () => Promise<void>;
}

let database: CampaignDatabase;
beforeAll(async () => {
  database = await startCampaignDatabase();
});
afterAll(() => database.close());

let memory: MemoryPushes;
const fixtures: Readonly<Record<string, Fixture>> = {
  memory: {
    store: () => memory,
    insert: (hour, memberIds) => {
      memory.insert(
        hour,
        memberIds.map((memberId) => ({ memberId, dong: `dong ${memberId}` })),
      );
      return Promise.resolve();
    },
    clear: () => {
      memory = new MemoryPushes();
      return Promise.resolve();
    },
  },
  sql: {
    store: () => sqlPushStore(database.db),
    insert: async ({ runDate, targetHour }, memberIds) => {
      await database.sql.query(
        'INSERT INTO coupon_pushes (run_date, target_hour, member_id, dong) VALUES ?',
        [memberIds.map((memberId) => [runDate, targetHour, memberId, `dong ${memberId}`])],
      );
    },
    clear: async () => {
      await database.sql.query('DELETE FROM coupon_pushes');
    },
  },
};

const of = (status: SettledPush['status'], ...memberIds: string[]): SettledPush[] =>
  memberIds.map((memberId) => ({ memberId, status, reason: status === 'SKIPPED' ? 'HTTP_503' : null }));

describe.each(Object.entries(fixtures))('pushes in %s', (_, { store, insert, clear }) => {
  beforeEach(clear);
  const openMembers = async () => {
    const open = await store().open(HOUR, ALL, 10);
    return open.map(({ memberId, left }) => (left ? `${memberId} left` : memberId));
  };
  const figures = (run = RUN, range = ALL) => store().settledFigures(run, range);

  it('are open by member, of the range and the hour, as many as are asked for', async () => {
    await insert(HOUR, ['10', '9', HIGHEST, '2']);
    await insert({ ...HOUR, targetHour: 13 }, ['3']);
    await insert({ ...HOUR, runDate: '2026-11-20' }, ['4']);

    expect(await openMembers()).toEqual(['2', '9', '10', HIGHEST]);
    expect(await store().open(HOUR, { afterId: '2', toId: '10' }, 1)).toEqual([
      { memberId: '9', dong: 'dong 9', left: false },
    ]);
    expect(await store().open(HOUR, { afterId: '10', toId: '20' }, 10)).toEqual([]);
  });

  it('are claimed by one token each, however often it claims', async () => {
    await insert(HOUR, ['1', '2', '3', HIGHEST]);

    expect(await store().claim(HOUR, ['1', '2'], A)).toEqual(['1', '2']);
    expect(await store().claim(HOUR, ['1', '2'], A)).toEqual(['1', '2']);
    expect(await store().claim(HOUR, ['2', '3', HIGHEST], B)).toEqual(['3', HIGHEST]);
    expect(await store().claim(HOUR, ['1', '2'], B)).toEqual([]);
    expect(await openMembers()).toEqual(['1 left', '2 left', '3 left', `${HIGHEST} left`]);
  });

  it('are claimed by one of two who claim at the same moment', async () => {
    const memberIds = Array.from({ length: 100 }, (_, index) => String(index + 1));
    await insert(HOUR, memberIds);
    const tokens = ['1', '2', '3', '4'].map((digit) => A.replaceAll('1', digit));

    const claimed = await Promise.all(tokens.map((token) => store().claim(HOUR, memberIds, token)));

    expect(claimed.flat().toSorted()).toEqual(memberIds.toSorted());
  });

  it('of another hour are nobody’s business', async () => {
    const next = { ...HOUR, targetHour: 13 };
    await insert(HOUR, ['1']);
    await insert(next, ['1']);
    await store().claim(next, ['1'], A);
    await store().settle({ ...next, jobRunId: '8' }, of('SENT', '1'), A);

    expect(await openMembers()).toEqual(['1']);
    expect(await store().open(next, ALL, 10)).toEqual([]);
  });

  it('that were skipped are open and can be claimed; what else became of them is final', async () => {
    await insert(HOUR, ['1', '2', '3', '4', '5']);
    await store().settle(RUN, [
      ...of('SKIPPED', '1'),
      ...of('NO_TOKENS', '2'),
      ...of('NO_ACTIVE_EVENTS', '3'),
    ]);
    await store().claim(HOUR, ['4', '5'], A);
    await store().settle(RUN, [...of('SENT', '4'), ...of('UNCONFIRMED', '5')], A);

    expect(await openMembers()).toEqual(['1']);
    expect(await store().claim(HOUR, ['1', '2', '3', '4', '5'], B)).toEqual(['1']);
    expect(await figures()).toEqual({
      members: 4,
      sent: 1,
      withoutTokens: 1,
      withoutActiveEvents: 1,
      // Somebody is about to send it.
      skippedMembers: 0,
      unconfirmed: 1,
    });
  });

  it('that are claimed are settled by the claimer alone', async () => {
    await insert(HOUR, ['1']);
    await store().claim(HOUR, ['1'], A);

    await store().settle(RUN, of('SKIPPED', '1'));
    await store().settle(RUN, of('NO_TOKENS', '1'));
    await store().settle(RUN, of('SKIPPED', '1'), B);
    expect(await openMembers()).toEqual(['1 left']);
    expect(await figures()).toMatchObject({ members: 0 });

    await store().settle(RUN, of('SENT', '1'), A);
    expect(await openMembers()).toEqual([]);
    expect(await figures()).toMatchObject({ members: 1, sent: 1 });
  });

  it('that are not claimed are settled by no token', async () => {
    await insert(HOUR, ['1']);
    await store().settle(RUN, of('SENT', '1'), A);

    expect(await openMembers()).toEqual(['1']);
  });

  it('that were left are unconfirmed, and nobody claims them; a claimer who lives still says what became of them', async () => {
    await insert(HOUR, ['1', '2', '3', '4']);
    await store().claim(HOUR, ['1', '2', '3'], A);
    await store().leave(RUN, ['1', '2', '3', '4']);

    expect(await openMembers()).toEqual(['4']);
    expect(await store().claim(HOUR, ['1', '2', '3'], B)).toEqual([]);
    expect(await figures()).toMatchObject({ members: 3, unconfirmed: 3 });

    await store().settle(RUN, [...of('SENT', '1'), ...of('SKIPPED', '2')], A);
    expect(await openMembers()).toEqual(['2', '4']);
    expect(await figures()).toMatchObject({ members: 3, sent: 1, skippedMembers: 1, unconfirmed: 1 });
  });

  it('that are sent stay sent, whoever settles or leaves them then', async () => {
    await insert(HOUR, ['1']);
    await store().claim(HOUR, ['1'], A);
    await store().settle(RUN, of('SENT', '1'), A);

    await store().settle(RUN, of('SKIPPED', '1'), A);
    await store().settle(RUN, of('SKIPPED', '1'));
    await store().leave({ ...RUN, jobRunId: '8' }, ['1']);
    await store().settle(RUN, []);

    expect(await openMembers()).toEqual([]);
    expect(await figures()).toMatchObject({ members: 1, sent: 1 });
  });

  it('of an earlier claim that were skipped are not settled by its token once another has them', async () => {
    await insert(HOUR, ['1']);
    await store().claim(HOUR, ['1'], A);
    await store().settle(RUN, of('SKIPPED', '1'), A);
    await store().claim(HOUR, ['1'], B);

    // The statement whose answer was lost is run a second time.
    await store().settle(RUN, of('SKIPPED', '1'), A);

    expect(await store().claim(HOUR, ['1'], A)).toEqual([]);
  });

  it('count for the run that settled them last, of the range', async () => {
    await insert(HOUR, ['1', '2', HIGHEST]);
    await store().settle(RUN, of('SKIPPED', '1', '2', HIGHEST));
    const next = { ...RUN, jobRunId: '8' };
    await store().claim(HOUR, ['2'], A);
    await store().settle(next, of('SENT', '2'), A);

    expect(await figures(RUN)).toMatchObject({ members: 2, skippedMembers: 2, sent: 0 });
    expect(await figures(next)).toMatchObject({ members: 1, skippedMembers: 0, sent: 1 });
    expect(await figures(RUN, { afterId: '1', toId: HIGHEST })).toMatchObject({ members: 1 });
    expect(await figures(RUN, { afterId: '0', toId: '1' })).toMatchObject({ members: 1 });
  });
});
