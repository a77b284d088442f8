/** What the campaign-grant suites share: a database, the store over it, campaigns in it, services on a virtual clock. */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { sqlCampaignStore } from '../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { grantRewards } from '../../lambdas/campaign-grant/app/grant-rewards.ts';
import { MoneyBreaker } from '../../lambdas/campaign-grant/app/money-breaker.ts';
import type { ReceivedMessage } from '../../lambdas/campaign-grant/ports.ts';
import type { BreakerReading } from '../../lambdas/campaign-grant/domain/breaker.ts';
import type { DeadLetter, GrantResult } from '../../lambdas/campaign-grant/domain/grant-result.ts';
import { idempotencyKey } from '../../lambdas/campaign-grant/domain/idempotency.ts';
import type { GrantId } from '../../lambdas/campaign-grant/domain/idempotency.ts';
import { Pacer, pacingFor } from '../../lambdas/campaign-grant/domain/pacer.ts';
import type { BeginFrom, CampaignStore, PromotionKey } from '../../lambdas/campaign-grant/ports.ts';
import type { CampaignRun, Partition } from '../../schema/campaign-run.ts';
import { insertPromotion, insertTargets, startCampaignDatabase } from './campaign-database.ts';
import type { CampaignDatabase, PromotionOverrides } from './campaign-database.ts';
import {
  FakeAlertLog,
  FakeAlertTopic,
  FakeCampaignGauges,
  FakeCampaignRuns,
  FakeGrantLog,
  FakeGrantQueue,
  FakeMoneyApi,
  FakeProgressCounters,
  FakeReservationSchedules,
  START_MS,
  VirtualClock,
  makePartition,
  makeReceived,
  messageOf,
} from './fakes.ts';

/** A promotion with its targets, READY unless `status` says otherwise. */
export interface Prepared extends PromotionKey {
  readonly ids: readonly string[];
}

export interface PreparedOverrides extends PromotionOverrides {
  readonly targetCount?: number;
  readonly amount?: string | null;
  /** All targets are one customer's; otherwise each has its own. */
  readonly oneCustomer?: boolean;
}

/** A campaign that is being paid: IN_PROGRESS, run 1. */
export interface Campaign extends Prepared {
  readonly run: CampaignRun;
  /** All targets. */
  readonly partition: Partition;
}

/** All targets are PUBLISHED. */
export interface PublishedCampaign extends Campaign {
  readonly grants: readonly GrantId[];
  /** One a target, in order. */
  readonly messages: readonly ReceivedMessage[];
}

/** The executions that tests begin runs with are named so, unless it matters. */
export const EXECUTION = 'execution';

/** GrantRewards' time for one invocation, in seconds. */
export const CONSUMER_SECONDS = 60;

/** Starts the suite's database; every test begins with nobody paying, nobody waiting and a closed breaker. */
export function useCampaignWorld(): CampaignWorld {
  const world = new CampaignWorld();
  beforeAll(() => world.open());
  beforeEach(() => world.settleDown());
  afterAll(() => world.close());
  return world;
}

export class CampaignWorld {
  #database: CampaignDatabase | undefined;
  #store: CampaignStore | undefined;

  async open(): Promise<void> {
    this.#database = await startCampaignDatabase();
    this.#store = sqlCampaignStore(this.#database.db);
  }

  async close(): Promise<void> {
    await this.#database?.close();
  }

  get database(): CampaignDatabase {
    if (this.#database === undefined) throw new Error('the database starts in beforeAll');
    return this.#database;
  }

  get sql(): CampaignDatabase['sql'] {
    return this.database.sql;
  }

  /** The real one, on the database's own clock. */
  get store(): CampaignStore {
    if (this.#store === undefined) throw new Error('the database starts in beforeAll');
    return this.#store;
  }

  async settleDown(): Promise<void> {
    await this.sql.query(
      "UPDATE campaign_promotions SET promotion_status = 'COMPLETED' WHERE promotion_status IN ('READY', 'IN_PROGRESS')",
    );
    await this.sql.query('UPDATE campaign_runs SET ended_at = started_at WHERE ended_at IS NULL');
    await this.sql.query('DELETE FROM campaign_turns');
    await this.sql.query('DELETE FROM operations_alerts');
    await this.setBreaker({});
  }

  async setBreaker(row: Partial<Omit<BreakerReading, 'nowMs'>>): Promise<void> {
    await this.sql.query(
      `UPDATE campaign_money_breaker SET version = ?, consecutive_failures = ?, streak_started_ms = ?,
         opened_ms = ?, probe_ms = ?`,
      [
        row.version ?? 0,
        row.consecutiveFailures ?? 0,
        row.streakStartedMs ?? null,
        row.openedMs ?? null,
        row.probeMs ?? null,
      ],
    );
  }

  async insert(overrides: PreparedOverrides = {}): Promise<Prepared> {
    const { targetCount = 1, amount = '1000.00', oneCustomer = false } = overrides;
    const key = await insertPromotion(this.sql, overrides);
    const ids = targetCount === 0 ? [] : await insertTargets(this.sql, key, targetCount, amount);
    if (oneCustomer) await this.setTargets(key, 'customer_uid', 7);
    return { ...key, ids };
  }

  /** One column of all targets of a promotion. */
  async setTargets(
    { promotionId, promotionType }: PromotionKey,
    column: string,
    value: unknown,
  ): Promise<void> {
    const table = `campaign_promotion_${promotionType === 'VOUCHER' ? 'voucher' : 'point'}_targets`;
    await this.sql.query(`UPDATE ${table} SET ${column} = ? WHERE promotion_id = ?`, [value, promotionId]);
  }

  async begin(overrides: PreparedOverrides = {}): Promise<Campaign> {
    const prepared = await this.insert(overrides);
    return { ...prepared, run: await this.beginRun(prepared), partition: makePartition(prepared.ids) };
  }

  async publish(overrides: PreparedOverrides = {}): Promise<PublishedCampaign> {
    return this.markAllPublished(await this.begin(overrides));
  }

  async markAllPublished(campaign: Campaign): Promise<PublishedCampaign> {
    const { promotionId, promotionType, ids } = campaign;
    const grants = ids.map((targetId) => ({ promotionId, promotionType, targetId }));
    const messages: ReceivedMessage[] = [];
    for (const grant of grants) messages.push(makeReceived(await messageOf(this.store, grant)));
    await this.store.markPublished(campaign, ids, START_MS);
    return { ...campaign, grants, messages };
  }

  /**
   * As BeginCampaign does it, but beside campaigns that are being paid already: messages of several still meet in a
   * batch, when one was stopped and its last messages are not acknowledged yet.
   */
  async beginRun(
    key: PromotionKey,
    {
      executionId = EXECUTION,
      from = { statuses: ['READY'] },
    }: { executionId?: string; from?: BeginFrom } = {},
  ): Promise<CampaignRun> {
    const { promotionId, promotionType } = key;
    const [paying] = await this.sql.query<({ id: string } & RowDataPacket)[]>(
      "SELECT promotion_id AS id FROM campaign_promotions WHERE promotion_status = 'IN_PROGRESS' AND promotion_id <> ?",
      [promotionId],
    );
    const others = [0, ...paying.map((row) => row.id)];
    const setOthers = (status: string) =>
      this.sql.query('UPDATE campaign_promotions SET promotion_status = ? WHERE promotion_id IN (?)', [
        status,
        others,
      ]);
    await setOthers('STOPPED');
    const outcome = await this.store.beginRun({ promotionId, executionId, from, nowMs: START_MS });
    await setOthers('IN_PROGRESS');
    const run = await this.store.latestRun(promotionId);
    if (outcome !== 'begun' || run === undefined) throw new Error(`promotion ${promotionId}: ${outcome}`);
    const { runNumber, summaryId } = run;
    const totalCount = await this.store.countTargets(key);
    return { promotionId, promotionType, runNumber, summaryId, totalCount };
  }

  /** Results of the targets in order, null for none. */
  async recordResults(
    { promotionId, promotionType, ids }: Prepared,
    statuses: readonly (GrantResult['processStatus'] | null)[],
    overrides: Partial<GrantResult> = {},
  ): Promise<void> {
    const results = statuses.flatMap((processStatus, index): GrantResult[] => {
      const targetId = ids[index];
      if (processStatus === null || targetId === undefined) return [];
      return [
        {
          targetId,
          promotionId,
          processStatus,
          transactionKey: processStatus === 'SUCCESS' ? `T-${targetId}` : null,
          errorMessage: null,
          attemptCount: 1,
          decided: true,
          ...overrides,
        },
      ];
    });
    await this.store.recordResults(promotionType, results, START_MS);
  }

  /** Dead letters of the targets in order, null for none. */
  async recordDeadLetters(
    { promotionId, promotionType, ids }: Prepared,
    letters: readonly ({ readonly cause: string; readonly transient: boolean } | null)[],
  ): Promise<void> {
    const deadLetters = letters.flatMap((letter, index): DeadLetter[] => {
      const grant = { promotionType, promotionId, targetId: ids[index] ?? '' };
      if (letter === null) return [];
      return [
        {
          key: idempotencyKey(grant),
          grant,
          cause: letter.cause,
          errorMessage: 'why',
          transient: letter.transient,
          attemptCount: 1,
          payload: '{}',
        },
      ];
    });
    await this.store.recordDeadLetters(deadLetters, START_MS);
  }

  /** Of one execution environment; give `clock` and `money` to have several of one world. */
  services(shared: { store?: CampaignStore; clock?: VirtualClock; money?: FakeMoneyApi } = {}) {
    const clock = shared.clock ?? new VirtualClock();
    const store = onClock(shared.store ?? this.store, clock);
    const log = new FakeGrantLog();
    return {
      store,
      queue: new FakeGrantQueue(),
      money: shared.money ?? new FakeMoneyApi(clock),
      counters: new FakeProgressCounters(),
      runs: new FakeCampaignRuns(),
      schedules: new FakeReservationSchedules(),
      clock,
      pacer: new Pacer(pacingFor({ tps: 1_000, concurrency: 50, headroom: 0.01 })),
      topic: new FakeAlertTopic(),
      deployment: { stage: 'test', region: 'ap-northeast-2' },
      alertLog: new FakeAlertLog(),
      breaker: new MoneyBreaker(store, clock, log),
      log,
      gauges: new FakeCampaignGauges(),
      backlogLimit: 60_000,
      tps: 1_000,
      intervalSeconds: 5,
    };
  }
}

export type CampaignServices = ReturnType<CampaignWorld['services']>;

/** One invocation of GrantRewards with this batch. */
export function pay(
  services: CampaignServices,
  batch: readonly ReceivedMessage[],
  seconds = CONSUMER_SECONDS,
): Promise<string[]> {
  return grantRewards(services, batch, services.clock.budget(seconds));
}

/** The store as the clock's world sees it: it takes no virtual time, and its readings carry the virtual time. */
export function onClock(store: CampaignStore, clock: VirtualClock): CampaignStore {
  const onTime = (breaker: BreakerReading): BreakerReading => ({ ...breaker, nowMs: clock.now() });
  const timed: CampaignStore = {
    ...store,
    readBreaker: async () => onTime(await store.readBreaker()),
    readBatch: async (...args) => {
      const reading = await store.readBatch(...args);
      return { ...reading, breaker: onTime(reading.breaker) };
    },
    readGate: async (...args) => {
      const reading = await store.readGate(...args);
      return { ...reading, breaker: onTime(reading.breaker) };
    },
  };
  return new Proxy(timed, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) =>
        clock.during(() => Reflect.apply(method, target, args) as Promise<unknown>);
    },
  });
}
