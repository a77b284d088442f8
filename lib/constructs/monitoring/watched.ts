import type { JobName } from '../../../schema/jobs.ts';
import type { Config } from '../../config.ts';

export interface WatchedJob {
  readonly jobName: JobName;
  readonly machine: string;
}

/** Where people read what an alarm means: in the repository, unless the stage says where else. */
export function runbookOf({ alarms }: Config): string {
  return alarms.runbookUrl ?? 'docs/runbook.md';
}

/** What the dashboard shows and the alarms watch: names, by which CloudWatch knows it. */
export interface Watched {
  readonly config: Config;
  /** Every function, GrantRewards among them. */
  readonly functions: readonly string[];
  readonly grantRewards: string;
  readonly grantQueue: { readonly queue: string; readonly deadLetterQueue: string };
  /** State machines. */
  readonly campaignRun: string;
  readonly redrive: string;
  readonly jobs: readonly WatchedJob[];
  /** undefined where others run it. */
  readonly cluster: string | undefined;
  /** Cache clusters of one node each; none where others run them. */
  readonly cacheNodes: readonly string[];
  /** What alerts go through on their way to people. */
  readonly alertQueue: { readonly queue: string; readonly deadLetterQueue: string };
}
