import type { Config } from '../../config.ts';

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
  /** undefined where others run it. */
  readonly cluster: string | undefined;
  readonly cache: string | undefined;
  /** What alerts go through on their way to people. */
  readonly alertQueue: { readonly queue: string; readonly deadLetterQueue: string };
}
