/**
 * One event source mapping: polls an SQS queue and invokes a function with what it receives, as Lambda's own pollers
 * do. What was handled is deleted; what failed stays until its visibility timeout ends and comes again.
 */
import { ChangeMessageVisibilityBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { EventSourceMappingModel } from '../../template/model.ts';
import { failedMessages } from './batch-response.ts';
import { DeleteBuffer } from './delete-buffer.ts';
import { LambdaServiceError } from './outcome.ts';
import { LISTENERS, pollersAfter } from './poll-sizing.ts';
import type { LambdaService } from './service.ts';
import { received, sqsEvent } from './sqs-event.ts';
import type { ReceivedMessage } from './sqs-event.ts';

/** Concurrent batches without a MaximumConcurrency: more than that one machine does not want. */
const DEFAULT_CONCURRENCY = 1000;
const LONG_POLL_SECONDS = 20;
const SHORTEST_BACKOFF = 100;
const LONGEST_BACKOFF = 5000;

export interface EventSourceMappingOptions {
  readonly mapping: Pick<
    EventSourceMappingModel,
    | 'functionName'
    | 'queueArn'
    | 'queueUrl'
    | 'batchSize'
    | 'maximumConcurrency'
    | 'reportBatchItemFailures'
    | 'enabled'
  >;
  readonly lambda: Pick<LambdaService, 'invokeForResult'>;
  readonly sqsEndpoint: string;
  /** The queue's visibility timeout: a batch held half as long is not handed out any more. */
  readonly visibilityTimeoutSeconds: number;
  readonly log?: (line: string) => void;
}

export interface EventSourceMapping {
  /** Invocations under way, and batches received and waiting for an environment. */
  readonly load: { readonly busy: number; readonly waiting: number };
  /**
   * Stops receiving, gives back what no function has seen yet, and lets the invocations under way finish and their
   * messages be deleted, for at most the time given.
   */
  close(graceMilliseconds: number): Promise<void>;
}

/** Starts polling at once; a mapping that is not enabled does nothing. */
export function startEventSourceMapping(options: EventSourceMappingOptions): EventSourceMapping {
  const poller = new Poller(options);
  if (options.mapping.enabled) poller.start();
  return poller;
}

interface Batch {
  readonly messages: readonly ReceivedMessage[];
  readonly receivedAt: number;
}

class Poller implements EventSourceMapping {
  readonly #options: EventSourceMappingOptions;
  readonly #client: SQSClient;
  readonly #deletes: DeleteBuffer;
  readonly #log: (line: string) => void;
  /**
   * MaximumConcurrency only. Where it is higher than the function's concurrency, Lambda pulls more than it can run:
   * those invocations are throttled, and their batches come back when their visibility ends, a receive later.
   */
  readonly #concurrency: number;
  readonly #waiting: Batch[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #receives = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #pollers = LISTENERS;
  #listening = 0;
  readonly #queueBackoff = new Backoff(() => this.#pump());
  readonly #throttleBackoff = new Backoff(() => this.#pump());

  constructor(options: EventSourceMappingOptions) {
    this.#options = options;
    const { mapping } = options;
    this.#concurrency = mapping.maximumConcurrency ?? DEFAULT_CONCURRENCY;
    this.#log =
      options.log ?? ((line) => console.error(`event source mapping ${mapping.functionName}: ${line}`));
    this.#client = new SQSClient({
      endpoint: options.sqsEndpoint,
      useQueueUrlAsEndpoint: false,
      region: mapping.queueArn.split(':')[3] ?? 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      // Nothing on this machine checks a signature, and making it is a fifth of a call's CPU.
      signer: { sign: (request) => Promise.resolve(request) },
      // Checksums of what the loopback carries cost more CPU than the invocation.
      md5: false,
      // Retries are made here, where they back off for the whole mapping.
      maxAttempts: 1,
      requestHandler: { httpAgent: { keepAlive: true, maxSockets: 100 } },
    });
    this.#deletes = new DeleteBuffer(this.#client, mapping.queueUrl, this.#log);
  }

  get load(): { busy: number; waiting: number } {
    return { busy: this.#running.size, waiting: this.#waiting.length };
  }

  start(): void {
    this.#pump();
  }

  async close(graceMilliseconds: number): Promise<void> {
    this.#stop.abort();
    this.#queueBackoff.stop();
    this.#throttleBackoff.stop();
    const grace = timer(graceMilliseconds);
    await Promise.all(this.#receives);
    await this.#giveBack();
    await Promise.race([Promise.all(this.#running).then(() => this.#deletes.drained()), grace.over]);
    grace.cancel();
    if (this.#deletes.unconfirmed > 0) this.#log('closed before SQS confirmed every delete');
    this.#deletes.stop();
    this.#client.destroy();
  }

  /** Starts every invocation and every receive that there is room for. Called whenever room may have come. */
  #pump(): void {
    if (this.#stop.signal.aborted) return;
    while (this.#running.size < this.#concurrency && !this.#throttleBackoff.waiting) {
      const batch = this.#waiting.shift();
      if (!batch) break;
      if (this.#isFresh(batch)) this.#track(this.#running, this.#handle(batch));
    }
    // As Lambda does: none is received that no invocation is free for. It would wait for one for up to 30 s.
    const wanted = this.#concurrency - this.#running.size - this.#waiting.length;
    while (this.#receives.size < Math.min(wanted, this.#pollers) && !this.#queueBackoff.waiting) {
      this.#track(this.#receives, this.#receive());
    }
  }

  #track(tasks: Set<Promise<void>>, task: Promise<void>): void {
    const tracked = task.finally(() => {
      tasks.delete(tracked);
      this.#pump();
    });
    tasks.add(tracked);
  }

  /** A batch that waited long may soon be received by another poller, while a function would still be at it. */
  #isFresh(batch: Batch): boolean {
    return performance.now() - batch.receivedAt < this.#options.visibilityTimeoutSeconds * 500;
  }

  async #receive(): Promise<void> {
    const { mapping } = this.#options;
    // Every long poller wakes when a message comes, so only a few listen and the others look once.
    const listens = this.#listening < LISTENERS;
    if (listens) this.#listening += 1;
    try {
      const { Messages = [] } = await this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl: mapping.queueUrl,
          MaxNumberOfMessages: mapping.batchSize,
          WaitTimeSeconds: listens ? LONG_POLL_SECONDS : 0,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
        { abortSignal: this.#stop.signal },
      );
      if (this.#queueBackoff.succeeded()) this.#log('SQS answers again');
      this.#pollers = pollersAfter(this.#pollers, Messages.length, mapping.batchSize);
      if (Messages.length === 0) return;
      this.#waiting.push({ messages: Messages.flatMap(received), receivedAt: performance.now() });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      if (this.#queueBackoff.failed()) this.#log(`SQS does not answer, trying on: ${messageOf(error)}`);
    } finally {
      if (listens) this.#listening -= 1;
    }
  }

  async #handle({ messages }: Batch): Promise<void> {
    const { mapping, lambda } = this.#options;
    try {
      const payload = JSON.stringify(sqsEvent(messages, mapping.queueArn));
      const outcome = await lambda.invokeForResult(mapping.functionName, payload);
      this.#throttleBackoff.succeeded();
      if (outcome.ok) this.#settle(messages, outcome.payload);
    } catch (error) {
      const throttled = error instanceof LambdaServiceError && error.name === 'TooManyRequestsException';
      const firstTime = this.#throttleBackoff.failed();
      if (firstTime && !throttled) this.#log(`the function cannot be invoked: ${messageOf(error)}`);
    }
  }

  #settle(messages: readonly ReceivedMessage[], payload: string): void {
    const ids = messages.map(({ messageId }) => messageId);
    const failed = this.#options.mapping.reportBatchItemFailures ? failedMessages(payload, ids) : new Set();
    const handled = messages.filter(({ messageId }) => !failed.has(messageId));
    this.#deletes.add(handled.map(({ receiptHandle }) => receiptHandle));
  }

  async #giveBack(): Promise<void> {
    const batches = this.#waiting.splice(0);
    await Promise.allSettled(
      batches.map(({ messages }) =>
        this.#client.send(
          new ChangeMessageVisibilityBatchCommand({
            QueueUrl: this.#options.mapping.queueUrl,
            Entries: messages.map(({ receiptHandle }, index) => ({
              Id: String(index),
              ReceiptHandle: receiptHandle,
              VisibilityTimeout: 0,
            })),
          }),
        ),
      ),
    );
  }
}

/** Waits longer after each failure in a row, then calls `retry`. */
class Backoff {
  readonly #retry: () => void;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(retry: () => void) {
    this.#retry = retry;
  }

  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  /** True for the first failure in a row. Failures of calls that were made together count once. */
  failed(): boolean {
    if (this.waiting) return false;
    const wait = Math.min(SHORTEST_BACKOFF * 2 ** this.#failures, LONGEST_BACKOFF);
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#retry();
    }, wait);
    return this.#failures === 1;
  }

  /** True when it ends a row of failures. */
  succeeded(): boolean {
    const ended = this.#failures > 0;
    this.#failures = 0;
    return ended;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function timer(milliseconds: number): { over: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timeout = setTimeout(resolve, milliseconds, undefined);
  return { over: promise, cancel: () => clearTimeout(timeout) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
