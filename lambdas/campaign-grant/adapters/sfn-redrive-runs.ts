import { createHash } from 'node:crypto';
import { SFNClient } from '@aws-sdk/client-sfn';
import { startExecution } from '../../shared/executions.ts';
import type { RedriveRuns } from '../ports.ts';

/**
 * Each redrive of the same selection in the same run that has ended has taken a name. There are few: what a redrive
 * makes PENDING is FAILED again only when a further run has paid it.
 */
const MOST_ATTEMPTS = 50;

export function sfnRedriveRuns(stateMachineArn: string, client: SFNClient = new SFNClient({})): RedriveRuns {
  return {
    async start(redrive, runNumber) {
      const input = JSON.stringify(redrive);
      const selection = createHash('sha256').update(input).digest('hex').slice(0, 16);
      for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
        const name = `promotion-${redrive.promotionId}-redrive-${runNumber}-${selection}-${attempt}`;
        const outcome = await startExecution(client, { stateMachineArn, name, input });
        if (outcome !== 'already-ended') return { outcome, executionName: name };
      }
      throw new Error(
        `${MOST_ATTEMPTS} redrives of this selection of promotion ${redrive.promotionId} have ended since its run ${runNumber}: see why they did nothing`,
      );
    },
  };
}
