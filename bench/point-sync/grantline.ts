/** Point sync as `cdk deploy` would create it, on the local runtime. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { synthesise } from '../../demo/synthesise.ts';
import { startOn } from '../../demo/world.ts';
import { addDays } from '../../schema/seoul-time.ts';
import { runMachine } from '../run-machine.ts';
import type { SyncContender } from './contender.ts';

export const grantlinePointSync: SyncContender = {
  name: 'Grantline',
  reports: true,
  async start({ outside, directory }) {
    const assemblyDirectory = join(directory, 'cdk.out');
    const logDirectory = join(directory, 'logs');
    await mkdir(logDirectory, { recursive: true });
    await synthesise(assemblyDirectory, {});
    const runtime = await startOn(outside, { assemblyDirectory, logDirectory });
    const stateMachineArn = runtime.outputs.find(({ name }) => name === 'PointSyncArn')?.value;
    if (typeof stateMachineArn !== 'string') throw new Error('no stack has an output PointSyncArn');
    const machine = { stepFunctionsUrl: runtime.endpoints.stepFunctions, stateMachineArn };
    return {
      async run({ day }) {
        const seconds = await runMachine(machine, { runDate: addDays(day, 1) });
        return {
          syncSeconds: seconds.get('SyncBalances') ?? Number.NaN,
          sweepSeconds: seconds.get('SweepGoneUsers') ?? Number.NaN,
          reportSeconds: seconds.get('BuildDailyReport') ?? Number.NaN,
        };
      },
      close: () => runtime.close(),
    };
  },
};
