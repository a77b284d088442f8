import type { DemoPromotion } from '../demo/campaigns/load.ts';
import type { Outside } from '../demo/outside.ts';
import type { Workload } from './workloads.ts';

export interface ContenderOptions {
  readonly outside: Outside;
  readonly workload: Workload;
  /** An empty directory of its own. */
  readonly directory: string;
}

/** Who pays campaigns: Grantline, or what somebody might use instead. */
export interface Contender {
  readonly name: string;
  start(options: ContenderOptions): Promise<RunningContender>;
}

export interface Paid {
  /** From the start of the campaign until all of its targets are in the queue. */
  readonly publishSeconds: number;
}

export interface RunningContender {
  /** Resolves when every target of the promotion has its final result; when it is queued, if nobody pays. */
  pay(promotion: DemoPromotion): Promise<Paid>;
  close(): Promise<void>;
}
