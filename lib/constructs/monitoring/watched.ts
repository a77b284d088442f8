import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Config } from '../../config.ts';

/** What alerts go through on their way to people. */
export interface AlertDelivery {
  readonly deliveryQueue: IQueue;
  readonly deliveryDeadLetterQueue: IQueue;
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
  /** undefined where others run it. */
  readonly cluster: string | undefined;
  readonly cache: string | undefined;
  readonly alerts: AlertDelivery | undefined;
}
