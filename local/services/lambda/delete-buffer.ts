/**
 * Deletes messages in the background, ten a call. A delete is tried until SQS takes it: a message that was handled
 * and not deleted comes back.
 */
import { DeleteMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { SQSClient } from '@aws-sdk/client-sqs';

const BATCH = 10;
/** How long a part of a batch waits for company. Until its delete, a message keeps its FIFO group blocked. */
const LINGER_MILLISECONDS = 3;
const LONGEST_RETRY_MILLISECONDS = 2000;

export class DeleteBuffer {
  readonly #client: SQSClient;
  readonly #queueUrl: string;
  readonly #log: (line: string) => void;
  #pending: string[] = [];
  #calls = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #whenEmpty: (() => void)[] = [];
  #stopped = false;

  constructor(client: SQSClient, queueUrl: string, log: (line: string) => void) {
    this.#client = client;
    this.#queueUrl = queueUrl;
    this.#log = log;
  }

  add(receiptHandles: readonly string[]): void {
    this.#pending.push(...receiptHandles);
    // While SQS fails, everything waits for the retry that is due.
    if (this.#failures > 0 && this.#timer) return;
    while (this.#pending.length >= BATCH) void this.#delete(this.#pending.splice(0, BATCH));
    if (this.#pending.length > 0) this.#flushIn(LINGER_MILLISECONDS);
  }

  /** Resolves when nothing waits to be deleted. */
  async drained(): Promise<void> {
    this.#flush();
    if (this.#calls === 0 && this.#pending.length === 0) return;
    await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /** How many deletes SQS has not confirmed, in calls under way and waiting. */
  get unconfirmed(): number {
    return this.#calls * BATCH + this.#pending.length;
  }

  /** Gives up what is not deleted yet: those messages will be delivered again. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #flushIn(milliseconds: number): void {
    if (!this.#stopped) this.#timer ??= setTimeout(() => this.#flush(), milliseconds);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#pending.length > 0) void this.#delete(this.#pending.splice(0, BATCH));
  }

  async #delete(handles: string[]): Promise<void> {
    this.#calls += 1;
    try {
      const Entries = handles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      const { Failed = [] } = await this.#client.send(
        new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }),
      );
      this.#failures = 0;
      for (const { Id, SenderFault, Code } of Failed) {
        const handle = handles[Number(Id)];
        // The sender's fault is a receipt handle that is no longer valid: the message will be delivered again.
        if (SenderFault === true) this.#log(`a handled message could not be deleted (${Code ?? 'no code'})`);
        else if (handle !== undefined) this.#retry([handle]);
      }
    } catch {
      this.#retry(handles);
    } finally {
      this.#calls -= 1;
      if (this.#calls === 0 && this.#pending.length === 0) {
        for (const resolve of this.#whenEmpty.splice(0)) resolve();
      }
    }
  }

  #retry(handles: string[]): void {
    this.#failures += 1;
    this.#pending.push(...handles);
    this.#flushIn(Math.min(100 * 2 ** Math.min(this.#failures, 10), LONGEST_RETRY_MILLISECONDS));
  }
}
