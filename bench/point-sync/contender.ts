import type { Outside } from '../../demo/outside.ts';
import type { Night } from './data.ts';

export interface SyncContenderOptions {
  readonly outside: Outside;
  /** An empty directory of its own. */
  readonly directory: string;
}

/** Who makes the balances of a night equal: Grantline, or what somebody might write instead. */
export interface SyncContender {
  readonly name: string;
  /** Whether it writes the day's reports too. */
  readonly reports: boolean;
  start(options: SyncContenderOptions): Promise<RunningSyncContender>;
}

export interface Synced {
  readonly syncSeconds: number;
  /** Of who does more than the balances. */
  readonly sweepSeconds: number | null;
  readonly reportSeconds: number | null;
}

export interface RunningSyncContender {
  run(night: Night): Promise<Synced>;
  close(): Promise<void>;
}
