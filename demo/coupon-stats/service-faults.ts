/** Faults of the stand-ins, and what they counted. */
import type { FaultRule } from '../../stand-ins/coupon-services/faults.ts';
import { couponServiceStats } from '../../stand-ins/coupon-services/stats.ts';
import type { CouponServiceStats } from '../../stand-ins/coupon-services/stats.ts';
import type { CouponServices } from '../outside.ts';

/** After so many a question is given up. */
const TRIES = 3;

/** Of each service; none where it is not named. */
export type ServiceFaults = Partial<Record<'store' | 'notification', readonly FaultRule[]>>;

/**
 * Of a share of the requests one after another, and of as many questions for as long as they are asked: no try helps
 * those, and a chunk is skipped. The first chunk of the hour always is: a rerun is to have something to send.
 */
export function faultsAt(share: number): ServiceFaults {
  const rules: FaultRule[] = [
    { fault: ['error', 'rate-limited', 'html', 'broken-entries', 'reset'], share, drawnBy: 'body' },
    { fault: ['error', 'rate-limited', 'html', 'broken-entries', 'reset', 'late', 'duplicates'], share },
  ];
  return { store: rules, notification: [{ fault: 'error', times: TRIES }, ...rules] };
}

/** In place of those that were set. @throws Error when one of them is no stand-in */
export async function setFaults(services: CouponServices, faults: ServiceFaults): Promise<void> {
  for (const name of ['store', 'notification'] as const) {
    const { url, isStandIn } = services[name];
    if (!isStandIn) throw new Error(`${url} takes no faults: --fault-rate needs both stand-ins`);
    const response = await fetch(`${url}/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults[name] ?? []),
    });
    if (!response.ok) throw new Error(`the stand-in refuses the faults: ${await response.text()}`);
  }
}

/** Undefined where one of them is no stand-in. */
export async function readServiceStats({
  store,
  notification,
}: CouponServices): Promise<CouponServiceStats | undefined> {
  if (!store.isStandIn || !notification.isStandIn) return undefined;
  const [ofStores, ofMembers] = await Promise.all(
    [store, notification].map(async ({ url }) =>
      couponServiceStats.parse(await (await fetch(`${url}/stats`)).json()),
    ),
  );
  return { ...ofStores, ...ofMembers };
}

export async function forgetServiceStats({ store, notification }: CouponServices): Promise<void> {
  for (const { url, isStandIn } of [store, notification]) {
    if (isStandIn) await fetch(`${url}/stats`, { method: 'DELETE' });
  }
}
