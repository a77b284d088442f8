/** Coupon stats as `cdk deploy` would create it, on the local runtime. */
import { couponQueue } from '../../demo/coupon-stats/coupon-queue.ts';
import type { CouponQueue } from '../../demo/coupon-stats/coupon-queue.ts';
import type { Outside } from '../../demo/outside.ts';
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

/** @param directories the assembly that was synthesised, and where logs go */
export async function startCouponStats(
  outside: Outside,
  directories: { readonly assemblyDirectory: string; readonly logDirectory: string },
): Promise<RunningCouponStats> {
  const runtime = await startOn(outside, directories);
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
