/** Coupon stats as `cdk deploy` would create it, on the local runtime. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { couponQueue } from '../../demo/coupon-stats/coupon-queue.ts';
import type { CouponQueue } from '../../demo/coupon-stats/coupon-queue.ts';
import type { Outside } from '../../demo/outside.ts';
import { synthesise } from '../../demo/synthesise.ts';
import { startOn } from '../../demo/world.ts';
import type { JobInput } from '../../schema/jobs.ts';
import { runMachine } from '../run-machine.ts';
import type { StepSeconds } from '../run-machine.ts';

export interface RunningCouponStats {
  usageStats(input: JobInput): Promise<StepSeconds>;
  fcmSend(input: JobInput): Promise<StepSeconds>;
  /** Of whoever sends the messages. */
  readonly queue: CouponQueue;
  close(): Promise<void>;
}

/** @param directory an empty one of its own */
export async function startCouponStats(outside: Outside, directory: string): Promise<RunningCouponStats> {
  const assemblyDirectory = join(directory, 'cdk.out');
  const logDirectory = join(directory, 'logs');
  await mkdir(logDirectory, { recursive: true });
  await synthesise(assemblyDirectory, {});
  const runtime = await startOn(outside, { assemblyDirectory, logDirectory });
  const output = (name: string) => {
    const value = runtime.outputs.find((each) => each.name === name)?.value;
    if (typeof value !== 'string') throw new Error(`no stack has an output ${name}`);
    return value;
  };
  const machine = (arn: string) => {
    const of = { stepFunctionsUrl: runtime.endpoints.stepFunctions, stateMachineArn: output(arn) };
    return (input: JobInput) => runMachine(of, input);
  };
  const queue = couponQueue({ runtime, output });
  return {
    usageStats: machine('CouponUsageStatsArn'),
    fcmSend: machine('CouponUsageStatsFcmSendArn'),
    queue,
    async close() {
      queue.close();
      await runtime.close();
    },
  };
}
