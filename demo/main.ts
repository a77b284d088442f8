/** `npm run demo`: a pipeline on this machine, and the proof that it did what it is for. */
import { campaignsDemo } from './campaigns/demo.ts';
import { couponStatsDemo } from './coupon-stats/demo.ts';
import { chosenPipeline } from './pipelines.ts';
import type { Pipeline } from './pipelines.ts';
import { pointSyncDemo } from './point-sync/demo.ts';

/** Each gives its exit code. */
const DEMOS: Readonly<Record<Pipeline, () => Promise<number>>> = {
  campaigns: campaignsDemo,
  'point-sync': pointSyncDemo,
  'coupon-stats': couponStatsDemo,
};

process.exitCode = await DEMOS[chosenPipeline()]();
