/** What the contract of the grant queue is told with, on either side: the port, and what its consumer sees. */
import type { GrantQueue } from '../../lambdas/campaign-grant/ports.ts';

export interface Received {
  readonly targetId: string;
  readonly groupId: string;
  readonly receiptHandle: string;
  readonly receiveCount: number;
}

export interface QueueFixture {
  readonly queue: GrantQueue;
  readonly visibilitySeconds: number;
  readonly maxReceiveCount: number;
  /** Up to ten messages that are there now. */
  receive(): Promise<Received[]>;
  receiveDeadLetters(): Promise<Received[]>;
  remove(receiptHandle: string): Promise<void>;
  wait(seconds: number): Promise<void>;
  /** A queue of its own for the next test. */
  renew(): Promise<void>;
  close(): Promise<void>;
}
