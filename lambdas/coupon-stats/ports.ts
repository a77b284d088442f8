import type { CouponPushMessage } from '../../schema/coupon-push-message.ts';
import type { Figures } from '../../schema/jobs.ts';
import type { Checkpoints } from '../shared/jobs/checkpoints.ts';
import type { Hour, PendingPush } from './domain/push.ts';

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** How long the present invocation may still run. */
export interface TimeBudget {
  remainingSeconds(): number;
}

export interface IdRange {
  readonly afterId: string;
  readonly toId: string;
}

export interface Days {
  readonly first: string;
  readonly last: string;
}

/** Histories, and the favourites that are made of them. Every write may be repeated. */
export interface UsageStore {
  /** The stores that were used on a day, kept for the run. */
  collectStores(jobRunId: string, day: string): Promise<void>;
  /** The run's stores, by id. */
  stores(jobRunId: string, afterId: string, limit: number): Promise<string[]>;
  /** `dongs` of those of the stores that the service knows; undefined: it did not say. */
  recordDistricts(
    jobRunId: string,
    storeIds: readonly string[],
    dongs: ReadonlyMap<string, string> | undefined,
  ): Promise<void>;
  /** The member in whom the next `size` histories end; undefined when there are not so many. */
  memberRangeEnd(range: IdRange, size: number): Promise<string | undefined>;
  /** Whether the service did not say a district of the run's stores. */
  isDistrictNotSaid(jobRunId: string): Promise<boolean>;
  /** Notes the range's members who used a store whose district was not said: they are left out. */
  skipMembers(jobRunId: string, days: Days, range: IdRange): Promise<void>;
  /** The favourites of the range's other members, in place of what an earlier run for the same date wrote. */
  aggregate(
    run: { readonly jobRunId: string; readonly runDate: string },
    days: Days,
    range: IdRange,
    nowMs: number,
  ): Promise<Figures>;
}

/** Who is to be told in an hour, and what became of it. Every write may be repeated. */
export interface PushStore {
  /** Members whose newest favourite of the recent days is of the hour: kept as PENDING where they are not kept yet. */
  collectMembers(hour: Hour, range: IdRange): Promise<void>;
  /** The member in whom the next `size` favourites of any day end; undefined when there are not so many. */
  memberRangeEnd(range: IdRange, size: number): Promise<string | undefined>;
  /** Those of whom nothing final is known: the next of the range by id. `left`: claimed by somebody who died. */
  open(
    hour: Hour,
    range: IdRange,
    limit: number,
  ): Promise<readonly (PendingPush & { readonly left: boolean })[]>;
  /** @returns the members whom this token has claimed: each is claimed once. */
  claim(hour: Hour, memberIds: readonly string[], token: string): Promise<string[]>;
  /** What became of those whom the token has claimed, or, without a token, of those whom nobody has. */
  settle(run: PushRun, settled: readonly SettledPush[], token?: string): Promise<void>;
  /** UNCONFIRMED, as far as they are still claimed: a claimer who lives after all settles them yet. */
  leave(run: PushRun, memberIds: readonly string[]): Promise<void>;
  /** What the run has settled in the range: its figures, whoever of its workers died meanwhile. */
  settledFigures(run: PushRun, range: IdRange): Promise<Figures>;
  /** Events that are on at the moment, by district. */
  activeEvents(
    storesByDong: ReadonlyMap<string, readonly string[]>,
    nowMs: number,
  ): Promise<Map<string, number>>;
}

/** A run, and its hour. */
export interface PushRun extends Hour {
  readonly jobRunId: string;
}

export interface SettledPush {
  readonly memberId: string;
  readonly status: 'SENT' | 'NO_TOKENS' | 'NO_ACTIVE_EVENTS' | 'SKIPPED' | 'UNCONFIRMED';
  readonly reason: string | null;
}

/**
 * What a service answers: after three tries where it failed in passing. failed: what was asked for cannot be had now.
 * @throws ServiceRefused when the service refuses our token
 */
export type Answered<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export interface StoreService {
  /** Unknown stores are left out. */
  dongsOfStores(storeIds: readonly string[]): Promise<Answered<Map<string, string>>>;
  /** At most 200 districts. */
  storesOfDongs(dongs: readonly string[]): Promise<Answered<Map<string, string[]>>>;
}

export interface NotificationService {
  /** Members without tokens are left out. */
  tokensOfMembers(memberIds: readonly string[]): Promise<Answered<Map<string, string[]>>>;
}

/** sent; refused: it certainly was not; unknown: nobody knows. */
export type Published = 'sent' | 'refused' | 'unknown';

export interface CouponTopic {
  /** @returns what became of each, in order */
  publish(messages: readonly CouponPushMessage[]): Promise<Published[]>;
}

export interface SkipLog {
  /** A warning with the ids of the members who are left out. */
  skipped(reason: string, memberIds: readonly string[]): void;
}

export type { Checkpoints };
