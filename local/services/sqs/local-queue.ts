/**
 * One queue: a store of our own behind fauxqs's HTTP layer. Mending fauxqs's queue by overriding single methods would
 * have meant keeping its three message maps consistent from outside, and each of its gaps (order of expired messages,
 * one message a group, scans over all in-flight messages and blocked groups) lies in how they are built. So this class
 * takes over everything that concerns messages and keeps the attributes, tags and sequence numbers of the base class.
 *
 * A standard queue is the same queue with every message in a group of its own.
 *
 * Left out: MessageRetentionPeriod (nothing expires), ReceiveRequestAttemptId, StartMessageMoveTask, and the limit by
 * which SQS looks for available groups among the first 120,000 messages only.
 */
import { randomUUID } from 'node:crypto';
import { DeduplicationWindow } from './deduplication-window.ts';
import { SqsError, SqsQueue } from './fauxqs.ts';
import type { ReceivedMessage, SqsMessage } from './fauxqs.ts';
import { IndexedHeap, notInHeap } from './indexed-heap.ts';
import type { HeapItem } from './indexed-heap.ts';
import { LongPolls } from './long-polls.ts';
import { MessageGroups } from './message-groups.ts';
import type { MessageGroup, StoredMessage } from './message-groups.ts';
import { checkAttributes, parseRedrivePolicy } from './queue-attributes.ts';
import type { RedrivePolicy } from './queue-attributes.ts';
import { currentReceiver } from './receiver.ts';

/** SQS holds at most so many messages of a queue in flight. */
export const inFlightLimit = 120_000;
const maxMessagesPerReceive = 10;
/** While somebody waits, expired and delayed messages are looked for this often. */
const pollTickMs = 20;

/** A message in flight. fauxqs reads the first three fields when it answers a receive. */
interface InFlight extends HeapItem {
  readonly message: SqsMessage;
  readonly receiptHandle: string;
  visibilityDeadline: number;
  readonly stored: StoredMessage;
  readonly group: MessageGroup;
}

type QueueByArn = (arn: string) => SqsQueue | undefined;

export class LocalQueue extends SqsQueue {
  override inflightMessages = new Map<string, InFlight>();
  readonly #groups = new MessageGroups();
  readonly #deadlines = new IndexedHeap<InFlight>((a, b) => a.visibilityDeadline < b.visibilityDeadline);
  readonly #delayed = new IndexedHeap<StoredMessage>((a, b) => visibleFrom(a) < visibleFrom(b));
  /** Messages that a receipt handle stood for which has run out. */
  readonly #byExpiredHandle = new Map<string, StoredMessage>();
  readonly #deduplication = new DeduplicationWindow();
  readonly #polls = new LongPolls();
  readonly #now: () => number;
  #arrivals = 0;
  /** The policy as parsed last: fauxqs also writes to `attributes` directly, so its text tells when it changed. */
  #redrive: { readonly text: string | undefined; readonly policy: RedrivePolicy | undefined } = {
    text: undefined,
    policy: undefined,
  };
  #pollTick: NodeJS.Timeout | undefined;

  constructor(
    identity: { readonly name: string; readonly url: string; readonly arn: string },
    attributes: Record<string, string>,
    how: { readonly tags?: Record<string, string>; readonly now?: () => number } = {},
  ) {
    super(identity.name, identity.url, identity.arn, attributes, how.tags);
    this.#now = how.now ?? Date.now;
  }

  /** fauxqs asks before it knows the group; enqueue() decides instead. */
  override checkDeduplication(): { isDuplicate: boolean } {
    return { isDuplicate: false };
  }

  override recordDeduplication(): void {
    // enqueue() records, because it knows the message's group.
  }

  override enqueue(message: SqsMessage): void {
    if (this.isFifo() && this.#isDuplicate(message)) return;
    this.#accept(message);
  }

  /** A message that another queue gives up. A FIFO queue then deduplicates it by its message id. */
  acceptDeadLetter(message: SqsMessage): void {
    delete message.delayUntil;
    if (this.isFifo()) {
      message.messageDeduplicationId = message.messageId;
      message.sequenceNumber = this.nextSequenceNumber();
    }
    this.#accept(message);
  }

  override dequeue(maxCount: number, visibilityTimeout?: number, queueByArn?: QueueByArn): ReceivedMessage[] {
    this.#polls.arrived();
    this.processTimers();
    // What a receiver that has hung up is given would be hidden for the whole visibility timeout.
    const received = currentReceiver()?.aborted
      ? []
      : this.#receive(
          Math.min(maxCount, maxMessagesPerReceive, this.#room()),
          visibilityTimeout ?? Number(this.attributes.VisibilityTimeout),
          this.#deadLetterQueue(queueByArn),
        );
    this.#wake();
    return received;
  }

  /** Returns false for a message that is gone already, which SQS calls a success. */
  override deleteMessage(receiptHandle: string): boolean {
    const entry = this.inflightMessages.get(receiptHandle);
    if (entry !== undefined) {
      this.#land(entry);
      this.#groups.settle(entry.group);
      this.#forgetHandles(entry.stored);
      this.#wake();
      return true;
    }
    const stored = this.#byExpiredHandle.get(receiptHandle);
    if (stored === undefined) return false;
    if (this.isFifo()) {
      throw new SqsError(
        'InvalidParameterValue',
        `Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
      );
    }
    // A standard queue still deletes it, unless somebody else has received it since.
    const deleted = this.#groups.withdraw(this.#groupIdOf(stored.message), stored);
    if (deleted) this.#forgetHandles(stored);
    return deleted;
  }

  /** True for a handle whose message is still in the queue but is no longer held by it. */
  hasExpired(receiptHandle: string): boolean {
    return this.#byExpiredHandle.has(receiptHandle);
  }

  override changeVisibility(receiptHandle: string, timeoutSeconds: number): void {
    const entry = this.inflightMessages.get(receiptHandle);
    if (entry === undefined) return;
    if (timeoutSeconds === 0) {
      this.#giveBack(entry);
      this.#wake();
      return;
    }
    this.#deadlines.remove(entry);
    entry.visibilityDeadline = this.#now() + timeoutSeconds * 1000;
    this.#deadlines.push(entry);
  }

  /**
   * Makes visible what is due. Every action begins with it (LocalQueueStore.getQueue). It wakes nobody: the action may
   * be a receive, which takes what a woken receiver would then miss.
   */
  override processTimers(): void {
    const now = this.#now();
    for (let entry = this.#deadlines.peek(); entry !== undefined; entry = this.#deadlines.peek()) {
      if (entry.visibilityDeadline > now) break;
      this.#giveBack(entry);
    }
    for (let stored = this.#delayed.peek(); stored !== undefined; stored = this.#delayed.peek()) {
      if (visibleFrom(stored) > now) break;
      this.#delayed.remove(stored);
      this.#groups.add(this.#groupIdOf(stored.message), stored);
    }
  }

  override async waitForMessages(waitTimeSeconds: number): Promise<void> {
    this.#pollTick ??= setInterval(() => {
      this.processTimers();
      this.#wake();
    }, pollTickMs);
    await this.#polls.wait(waitTimeSeconds * 1000, currentReceiver());
    if (this.#polls.size > 0) return;
    clearInterval(this.#pollTick);
    this.#pollTick = undefined;
  }

  override cancelWaiters(): void {
    this.#polls.endAll();
  }

  /** Ends the long polls; receives that come afterwards answer at once. */
  close(): void {
    this.#polls.close();
  }

  /** Deduplication ids outlive a purge, as on SQS. */
  override purge(): void {
    this.#groups.clear();
    this.#deadlines.clear();
    this.#delayed.clear();
    this.inflightMessages.clear();
    this.#byExpiredHandle.clear();
  }

  override setAttributes(attributes: Record<string, string>): void {
    checkAttributes(attributes);
    super.setAttributes(attributes);
  }

  override getAttribute(name: Parameters<SqsQueue['getAttribute']>[0]): string | undefined {
    switch (name) {
      case 'ApproximateNumberOfMessages':
        return String(this.#groups.visible);
      case 'ApproximateNumberOfMessagesNotVisible':
        return String(this.inflightMessages.size);
      case 'ApproximateNumberOfMessagesDelayed':
        return String(this.#delayed.size);
      default:
        return super.getAttribute(name);
    }
  }

  /** fauxqs answers a send with the ids of the message it enqueued: a duplicate takes over those of the original. */
  #isDuplicate(message: SqsMessage): boolean {
    const scope = this.attributes.DeduplicationScope === 'messageGroup' ? message.messageGroupId : '';
    // SQS allows no blank in either id.
    const id = `${scope ?? ''} ${message.messageDeduplicationId ?? message.messageId}`;
    const now = this.#now();
    const original = this.#deduplication.find(id, now);
    if (original === undefined) {
      const sequenceNumber = (message.sequenceNumber ??= this.nextSequenceNumber());
      this.#deduplication.record(id, { messageId: message.messageId, sequenceNumber, sentAt: now });
      return false;
    }
    message.messageId = original.messageId;
    message.sequenceNumber = original.sequenceNumber;
    return true;
  }

  #accept(message: SqsMessage): void {
    const order = ++this.#arrivals;
    const stored: StoredMessage = {
      message,
      order,
      next: undefined,
      expiredHandles: [],
      heapIndex: notInHeap,
    };
    if (visibleFrom(stored) > this.#now()) {
      this.#delayed.push(stored);
      return;
    }
    this.#groups.add(this.#groupIdOf(message), stored);
    this.#wake();
  }

  /** As many messages of one group as possible, then the next group. */
  #receive(
    count: number,
    visibilityTimeout: number,
    deadLetters: DeadLetters | undefined,
  ): ReceivedMessage[] {
    const received: ReceivedMessage[] = [];
    while (received.length < count) {
      const group = this.#groups.takeGroup();
      if (group === undefined) break;
      while (received.length < count) {
        const stored = this.#groups.takeFirst(group);
        if (stored === undefined) break;
        if (deadLetters !== undefined && stored.message.approximateReceiveCount >= deadLetters.after) {
          this.#forgetHandles(stored);
          deadLetters.queue.acceptDeadLetter(stored.message);
        } else {
          received.push(this.#handOut(stored, group, visibilityTimeout));
        }
      }
      this.#groups.settle(group);
    }
    return received;
  }

  #handOut(stored: StoredMessage, group: MessageGroup, visibilityTimeout: number): ReceivedMessage {
    const { message } = stored;
    const now = this.#now();
    message.approximateReceiveCount++;
    message.approximateFirstReceiveTimestamp ??= now;
    const receiptHandle = randomUUID();
    const visibilityDeadline = now + visibilityTimeout * 1000;
    const entry: InFlight = {
      message,
      receiptHandle,
      visibilityDeadline,
      stored,
      group,
      heapIndex: notInHeap,
    };
    this.inflightMessages.set(receiptHandle, entry);
    this.#deadlines.push(entry);
    group.inFlight++;
    return {
      MessageId: message.messageId,
      ReceiptHandle: receiptHandle,
      MD5OfBody: message.md5OfBody,
      Body: message.body,
      ...(message.md5OfMessageAttributes && { MD5OfMessageAttributes: message.md5OfMessageAttributes }),
      ...(Object.keys(message.messageAttributes).length > 0 && {
        MessageAttributes: message.messageAttributes,
      }),
    };
  }

  /** Ends the flight of a message; the caller settles its group or puts the message back. */
  #land(entry: InFlight): void {
    this.inflightMessages.delete(entry.receiptHandle);
    this.#deadlines.remove(entry);
    entry.group.inFlight--;
  }

  #giveBack(entry: InFlight): void {
    this.#land(entry);
    entry.stored.expiredHandles.push(entry.receiptHandle);
    this.#byExpiredHandle.set(entry.receiptHandle, entry.stored);
    this.#groups.add(entry.group.id, entry.stored);
  }

  #forgetHandles(stored: StoredMessage): void {
    for (const handle of stored.expiredHandles) this.#byExpiredHandle.delete(handle);
  }

  /** At the limit a FIFO queue gives nothing more and a standard queue an error. */
  #room(): number {
    const room = inFlightLimit - this.inflightMessages.size;
    if (room > 0 || this.isFifo()) return room;
    throw new SqsError('OverLimit', `Too many messages are in flight: the limit is ${inFlightLimit}.`, 403);
  }

  #deadLetterQueue(queueByArn: QueueByArn | undefined): DeadLetters | undefined {
    const text = this.attributes.RedrivePolicy;
    if (text !== this.#redrive.text) this.#redrive = { text, policy: parseRedrivePolicy(text) };
    const { policy } = this.#redrive;
    if (policy === undefined) return undefined;
    const queue = queueByArn?.(policy.deadLetterTargetArn);
    return queue instanceof LocalQueue ? { queue, after: policy.maxReceiveCount } : undefined;
  }

  #groupIdOf(message: SqsMessage): string {
    return (this.isFifo() ? message.messageGroupId : undefined) ?? message.messageId;
  }

  #wake(): void {
    if (this.#groups.hasAvailable) this.#polls.wakeOne();
  }
}

/** Where messages go that were received `after` times. */
interface DeadLetters {
  readonly queue: LocalQueue;
  readonly after: number;
}

function visibleFrom(stored: StoredMessage): number {
  return stored.message.delayUntil ?? 0;
}
