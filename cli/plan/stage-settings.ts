/** How fast a stage pays: what config/stages.ts says, with the options of the plan in place of it. */
import { STAGES } from '../../config/stages.ts';
import { readConfig } from '../../lib/config.ts';
import type { Settings } from './rules/pace.ts';

export interface StageSettings {
  readonly stage: string;
  readonly settings: Settings;
}

/** Of dev, as everywhere, when no stage is named. @throws Error with one line that names the stage and the bound */
export function readStageSettings(options: {
  readonly stage?: string;
  readonly tps?: number;
  readonly concurrency?: number;
}): StageSettings {
  const outcome = readConfig(STAGES, {
    ...(options.stage === undefined ? {} : { stage: options.stage }),
    ...(options.tps === undefined ? {} : { moneyTps: options.tps }),
    ...(options.concurrency === undefined ? {} : { grantConcurrency: options.concurrency }),
  });
  if (!outcome.ok) throw new Error(outcome.problems.join('; '));
  const { stage, money, grants, pacingHeadroomSeconds, publishing, progress, database } = outcome.config;
  return {
    stage,
    settings: {
      tps: money.tps,
      concurrency: grants.concurrency,
      headroomSeconds: pacingHeadroomSeconds,
      backlogSeconds: publishing.backlogSeconds,
      progressIntervalSeconds: progress.intervalSeconds,
      maxCapacityUnits: database.capacity.max,
      databaseInstances: 1 + (database.existing ? 0 : database.readers),
    },
  };
}
