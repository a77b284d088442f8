/** What the demo's jobs run on, and the data that was loaded for them. */
import { createPool } from 'mysql2/promise';
import type { Pool } from 'mysql2/promise';
import { jobMachine } from '../jobs/machine.ts';
import type { JobMachine } from '../jobs/machine.ts';
import type { CouponServices } from '../outside.ts';
import type { World } from '../world.ts';
import { couponQueue } from './coupon-queue.ts';
import type { CouponQueue } from './coupon-queue.ts';
import { demoDays } from './days.ts';
import { loadCouponService, refuseOthersData } from './load.ts';
import type { Loaded } from './load.ts';
import type { MemberSpec } from './members.ts';
import { forgetServiceStats } from './service-faults.ts';
import { readTown } from './town.ts';

export interface Stage {
  readonly world: World;
  readonly db: Pool;
  readonly services: CouponServices;
  readonly usageStats: JobMachine;
  readonly fcmSend: JobMachine;
  readonly queue: CouponQueue;
  readonly spec: MemberSpec;
  readonly loaded: Loaded;
  close(): Promise<void>;
}

export interface StageOptions {
  readonly members: number;
  readonly stores: number;
  readonly seed: number;
}

const STORES_A_DISTRICT = 25;
const MOST_DISTRICTS = 200;

/** For the stand-ins of a world. */
export function couponStandIns({ stores, seed }: StageOptions) {
  return { seed, stores, districts: Math.min(MOST_DISTRICTS, Math.ceil(stores / STORES_A_DISTRICT)) };
}

/** @throws Error of one line when the world's database or services are not fit for it */
export async function setStage(world: World, { members, stores, seed }: StageOptions): Promise<Stage> {
  const services = world.outside.coupons;
  if (services === undefined) throw new Error('this world has no store service');
  const endpoint = world.runtime.endpoints.stepFunctions;
  const db = createPool({ uri: world.outside.databaseUrl, connectionLimit: 4, dateStrings: true });
  const usageStats = jobMachine(endpoint, world.output('CouponUsageStatsArn'));
  const fcmSend = jobMachine(endpoint, world.output('CouponUsageStatsFcmSendArn'));
  const queue = couponQueue(world);
  const close = async () => {
    usageStats.close();
    fcmSend.close();
    queue.close();
    await db.end();
  };
  try {
    await refuseOthersData(db);
    const spec = { members, seed, days: demoDays(Date.now()), town: await readTown(services, stores) };
    const loaded = await loadCouponService(db, services, spec);
    await forgetServiceStats(services);
    return { world, db, services, usageStats, fcmSend, queue, spec, loaded, close };
  } catch (error) {
    await close();
    throw error;
  }
}
