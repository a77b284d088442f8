/** The rows of pushes, the services and the topic in memory; test/contract holds the rows to what the real ones do. */
import type { Hour, PendingPush } from '../../lambdas/coupon-stats/domain/push.ts';
import type {
  Answered,
  CouponTopic,
  IdRange,
  NotificationService,
  Published,
  PushRun,
  PushStore,
  SettledPush,
  StoreService,
} from '../../lambdas/coupon-stats/ports.ts';
import type { CouponPushMessage } from '../../schema/coupon-push-message.ts';
import type { Figures } from '../../schema/jobs.ts';

export interface KeptPush extends PendingPush, Hour {
  status: SettledPush['status'] | 'PENDING' | 'SENDING';
  reason: string | null;
  claimedBy: string | null;
  jobRunId: string | null;
}

const UNCLAIMED: readonly string[] = ['PENDING', 'SKIPPED'];
const CLAIMED: readonly string[] = ['SENDING', 'UNCONFIRMED'];

export class MemoryPushes implements PushStore {
  readonly rows: KeptPush[] = [];
  /** Events that are on, by store. */
  readonly events = new Map<string, number>();

  insert(hour: Hour, pushes: readonly PendingPush[]): void {
    for (const push of pushes) {
      this.rows.push({ ...hour, ...push, status: 'PENDING', reason: null, claimedBy: null, jobRunId: null });
    }
  }

  collectMembers(): Promise<void> {
    return Promise.reject(new Error('members are inserted'));
  }

  memberRangeEnd(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  open(hour: Hour, range: IdRange, limit: number) {
    const open = this.#of(hour, range)
      .filter(({ status }) => UNCLAIMED.includes(status) || status === 'SENDING')
      .toSorted((a, b) => Number(BigInt(a.memberId) - BigInt(b.memberId)));
    return Promise.resolve(
      open.slice(0, limit).map(({ memberId, dong, status }) => ({
        memberId,
        dong,
        left: status === 'SENDING',
      })),
    );
  }

  claim(hour: Hour, memberIds: readonly string[], token: string): Promise<string[]> {
    const rows = this.#members(hour, memberIds);
    for (const row of rows) {
      if (UNCLAIMED.includes(row.status)) {
        Object.assign(row, { status: 'SENDING', claimedBy: token, reason: null });
      }
    }
    return Promise.resolve(
      rows.filter(({ claimedBy }) => claimedBy === token).map(({ memberId }) => memberId),
    );
  }

  settle(run: PushRun, settled: readonly SettledPush[], token?: string): Promise<void> {
    for (const { memberId, status, reason } of settled) {
      for (const row of this.#members(run, [memberId])) {
        const isOurs =
          token === undefined
            ? UNCLAIMED.includes(row.status)
            : row.claimedBy === token && CLAIMED.includes(row.status);
        if (isOurs) Object.assign(row, { status, reason, jobRunId: run.jobRunId });
      }
    }
    return Promise.resolve();
  }

  leave(run: PushRun, memberIds: readonly string[]): Promise<void> {
    for (const row of this.#members(run, memberIds)) {
      if (row.status === 'SENDING') {
        Object.assign(row, { status: 'UNCONFIRMED', reason: null, jobRunId: run.jobRunId });
      }
    }
    return Promise.resolve();
  }

  settledFigures(run: PushRun, range: IdRange): Promise<Figures> {
    const settled = this.#of(run, range).filter(
      ({ jobRunId, status }) => jobRunId === run.jobRunId && status !== 'SENDING',
    );
    const of = (asked: SettledPush['status']) => settled.filter(({ status }) => status === asked).length;
    return Promise.resolve({
      members: settled.length,
      sent: of('SENT'),
      withoutTokens: of('NO_TOKENS'),
      withoutActiveEvents: of('NO_ACTIVE_EVENTS'),
      skippedMembers: of('SKIPPED'),
      unconfirmed: of('UNCONFIRMED'),
    });
  }

  activeEvents(storesByDong: ReadonlyMap<string, readonly string[]>): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const [dong, storeIds] of storesByDong) {
      const count = storeIds.reduce((sum, storeId) => sum + (this.events.get(storeId) ?? 0), 0);
      if (count > 0) counts.set(dong, count);
    }
    return Promise.resolve(counts);
  }

  #of({ runDate, targetHour }: Hour, { afterId, toId }: IdRange): KeptPush[] {
    return this.rows.filter(
      (row) =>
        row.runDate === runDate &&
        row.targetHour === targetHour &&
        BigInt(row.memberId) > BigInt(afterId) &&
        BigInt(row.memberId) <= BigInt(toId),
    );
  }

  #members({ runDate, targetHour }: Hour, memberIds: readonly string[]): KeptPush[] {
    const asked = new Set(memberIds);
    return this.rows.filter(
      (row) => row.runDate === runDate && row.targetHour === targetHour && asked.has(row.memberId),
    );
  }
}

/** Knows of each district a store, and of each member a token. */
export class FakeCouponServices implements NotificationService, Pick<StoreService, 'storesOfDongs'> {
  readonly asked: { dongs: number; members: number }[] = [];
  readonly withoutTokens: (memberId: string) => boolean;
  /** Why nothing can be had. */
  failing: { tokens?: string; stores?: string } = {};

  constructor(withoutTokens: (memberId: string) => boolean = () => false) {
    this.withoutTokens = withoutTokens;
  }

  tokensOfMembers(memberIds: readonly string[]): Promise<Answered<Map<string, string[]>>> {
    this.asked.push({ dongs: 0, members: memberIds.length });
    if (this.failing.tokens !== undefined) return Promise.resolve({ ok: false, reason: this.failing.tokens });
    const known = memberIds.filter((memberId) => !this.withoutTokens(memberId));
    return Promise.resolve({
      ok: true,
      value: new Map(known.map((memberId) => [memberId, [`token-${memberId}`]])),
    });
  }

  storesOfDongs(dongs: readonly string[]): Promise<Answered<Map<string, string[]>>> {
    this.asked.push({ dongs: dongs.length, members: 0 });
    if (this.failing.stores !== undefined) return Promise.resolve({ ok: false, reason: this.failing.stores });
    return Promise.resolve({ ok: true, value: new Map(dongs.map((dong) => [dong, [`store-${dong}`]])) });
  }
}

export type Fate = 'sent' | 'refused' | 'answer lost' | 'lost before';

/** What it took is delivered, whatever it answered. */
export class FakeCouponTopic implements CouponTopic {
  readonly delivered: CouponPushMessage[] = [];
  fateOf: (memberId: string) => Fate;

  constructor(fateOf: (memberId: string) => Fate = () => 'sent') {
    this.fateOf = fateOf;
  }

  publish(messages: readonly CouponPushMessage[]): Promise<Published[]> {
    return Promise.resolve(
      messages.map((message) => {
        const fate = this.fateOf(String(message.memberId));
        if (fate === 'sent' || fate === 'answer lost') this.delivered.push(message);
        return fate === 'sent' || fate === 'refused' ? fate : 'unknown';
      }),
    );
  }
}
