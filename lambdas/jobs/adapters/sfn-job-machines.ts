import type { SFNClient } from '@aws-sdk/client-sfn';
import type { JobName } from '../../../schema/jobs.ts';
import { startExecution } from '../../shared/executions.ts';
import type { JobMachines } from '../ports.ts';

/** @param arns of the state machines of the jobs that are deployed */
export function sfnJobMachines(
  arns: Readonly<Partial<Record<JobName, string>>>,
  client: SFNClient,
): JobMachines {
  return {
    has: (jobName) => arns[jobName] !== undefined,

    async start(jobName, { name, input }) {
      const stateMachineArn = arns[jobName];
      if (stateMachineArn === undefined) throw new Error(`${jobName} is not deployed`);
      const outcome = await startExecution(client, { stateMachineArn, name, input: JSON.stringify(input) });
      return {
        outcome,
        executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`,
      };
    },
  };
}
