/** The demo's coupon events: on, over and to come. */
import { drawsFor } from '../../stand-ins/random.ts';
import { DAY_MS, seoulTime } from './days.ts';
import type { Town } from './town.ts';

export interface CouponEvent {
  readonly storeId: number;
  /** yyyy-MM-dd HH:mm:ss, Asia/Seoul. */
  readonly startAt: string;
  readonly endAt: string;
  readonly isOn: boolean;
}

/** In every so many districts nothing is on. */
const QUIET = 5;
const SECOND_MS = 1_000;

/** On for two days more, so that nothing begins or ends while the demo runs. */
export function* demoEvents(
  { storesOf, dongs, unknownStores }: Town,
  seed: number,
  nowMs: number,
): Generator<CouponEvent> {
  const event = (storeId: number, fromMs: number, untilMs: number): CouponEvent => ({
    storeId,
    startAt: seoulTime(fromMs),
    endAt: seoulTime(untilMs),
    isOn: fromMs <= nowMs && nowMs < untilMs,
  });
  for (const [index, dong] of dongs.entries()) {
    for (const storeId of storesOf.get(dong) ?? []) {
      const draw = drawsFor(seed, `events of ${storeId}`, 0);
      const on = index % QUIET === 0 ? 0 : Math.floor(draw() * 3);
      for (let number = 0; number < on; number += 1) {
        yield event(storeId, nowMs - (1 + number) * DAY_MS, nowMs + 2 * DAY_MS);
      }
      // It ended a second ago.
      if (draw() < 0.5) yield event(storeId, nowMs - 3 * DAY_MS, nowMs - SECOND_MS);
      if (draw() < 0.3) yield event(storeId, nowMs + DAY_MS, nowMs + 4 * DAY_MS);
    }
  }
  // Of stores that no district has.
  for (const storeId of unknownStores) yield event(storeId, nowMs - DAY_MS, nowMs + 2 * DAY_MS);
}
