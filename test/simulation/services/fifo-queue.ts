/**
 * An SQS FIFO queue: groups whose messages come one after the other, deduplication of five minutes for each group
 * and id, visibility timeouts, receive counts, and a dead-letter queue.
 */
export interface QueueClock {
  /** Seconds. */
  readonly now: number;
  at(time: number, happen: () => void): void;
}

export interface QueueOptions {
  readonly visibilitySeconds: number;
  /** Where a message goes instead of being handed out once more than `maxReceiveCount` times. */
  readonly deadLetters?: { readonly queue: FifoQueue; readonly maxReceiveCount: number } | undefined;
}

/** A message as a consumer gets it. */
export interface Delivery {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly groupId: string;
  readonly receiveCount: number;
  readonly body: string;
}

interface Message {
  readonly messageId: string;
  readonly groupId: string;
  readonly body: string;
  receiveCount: number;
  /** While it is with a consumer. */
  receiptHandle: string | undefined;
  visibleAt: number;
}

export const DEDUPLICATION_SECONDS = 300;

export class FifoQueue {
  /** Called when there may be something to receive. */
  onVisible: () => void = () => undefined;
  readonly #clock: QueueClock;
  readonly #options: QueueOptions;
  readonly #groups = new Map<string, Message[]>();
  /** Groups with a message that can be handed out. */
  readonly #open = new Set<string>();
  readonly #inFlight = new Map<string, Message>();
  readonly #deduplication = new Map<string, number>();
  #size = 0;
  #sequence = 0;

  constructor(clock: QueueClock, options: QueueOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** Messages waiting or at work. */
  get size(): number {
    return this.#size;
  }

  get hasVisible(): boolean {
    return this.#open.size > 0;
  }

  /** @returns false for a repeat within five minutes, which is accepted and dropped. */
  send(groupId: string, deduplicationId: string, body: string, messageId?: string): boolean {
    const { now } = this.#clock;
    const key = `${groupId}/${deduplicationId}`;
    const forgottenAt = this.#deduplication.get(key);
    if (forgottenAt !== undefined && now < forgottenAt) return false;
    this.#deduplication.set(key, now + DEDUPLICATION_SECONDS);
    this.#sequence += 1;
    const group = this.#groups.get(groupId);
    const message: Message = {
      messageId: messageId ?? `m${this.#sequence}`,
      groupId,
      body,
      receiveCount: 0,
      receiptHandle: undefined,
      visibleAt: now,
    };
    if (group === undefined) this.#groups.set(groupId, [message]);
    else group.push(message);
    this.#size += 1;
    this.#reopen(groupId);
    return true;
  }

  /** The deduplication window has passed for everything that was sent so far. */
  forgetDeduplication(): void {
    this.#deduplication.clear();
  }

  /**
   * Up to `limit` messages; of a group as many as `perGroup`, in order, and then none until those are dealt with.
   * `order` chooses among the groups: SQS promises nothing about that.
   */
  receive(
    limit: number,
    perGroup: number,
    order: (groupCount: number) => number,
    hiddenSeconds = this.#options.visibilitySeconds,
  ): Delivery[] {
    const deliveries: Delivery[] = [];
    const groupIds = [...this.#open];
    while (deliveries.length < limit && groupIds.length > 0) {
      const chosen = order(groupIds.length);
      const groupId = groupIds[chosen];
      const last = groupIds.pop();
      if (groupId === undefined || last === undefined) break;
      if (chosen < groupIds.length) groupIds[chosen] = last;
      this.#open.delete(groupId);
      let taken = 0;
      for (const message of [...(this.#groups.get(groupId) ?? [])]) {
        if (taken === perGroup || deliveries.length === limit) break;
        if (this.#isExhausted(message)) continue;
        deliveries.push(this.#handOut(message, hiddenSeconds));
        taken += 1;
      }
      if (taken === 0) this.#reopen(groupId);
    }
    return deliveries;
  }

  /** A second copy of a message that is at work: what no FIFO queue should do. undefined: it is not at work. */
  duplicate(receiptHandle: string): Delivery | undefined {
    const message = this.#inFlight.get(receiptHandle);
    if (message === undefined) return undefined;
    message.receiveCount += 1;
    return delivery(message, receiptHandle);
  }

  /** A handle that is no longer the message's does nothing. */
  remove(receiptHandle: string): void {
    const message = this.#inFlight.get(receiptHandle);
    if (message === undefined) return;
    this.#inFlight.delete(receiptHandle);
    this.#drop(message);
    this.#reopen(message.groupId);
  }

  /** @returns false when the handle is no longer the message's. */
  changeVisibility(receiptHandle: string, seconds: number): boolean {
    const message = this.#inFlight.get(receiptHandle);
    if (message === undefined) return false;
    this.#hideFor(message, receiptHandle, seconds);
    return true;
  }

  /** @returns bodies of the messages that were at work: what comes after them need not wait for them any more. */
  purge(): string[] {
    const atWork = [...this.#inFlight.values()].map(({ body }) => body);
    this.#groups.clear();
    this.#open.clear();
    this.#inFlight.clear();
    this.#size = 0;
    return atWork;
  }

  #handOut(message: Message, hiddenSeconds: number): Delivery {
    message.receiveCount += 1;
    const receiptHandle = `${message.messageId}#${message.receiveCount}`;
    message.receiptHandle = receiptHandle;
    this.#inFlight.set(receiptHandle, message);
    this.#hideFor(message, receiptHandle, hiddenSeconds);
    return delivery(message, receiptHandle);
  }

  #hideFor(message: Message, receiptHandle: string, seconds: number): void {
    const visibleAt = this.#clock.now + seconds;
    message.visibleAt = visibleAt;
    const show = () => {
      if (message.visibleAt !== visibleAt || this.#inFlight.get(receiptHandle) !== message) return;
      this.#inFlight.delete(receiptHandle);
      message.receiptHandle = undefined;
      this.#reopen(message.groupId);
    };
    if (seconds <= 0) show();
    else this.#clock.at(visibleAt, show);
  }

  #isExhausted(message: Message): boolean {
    const { deadLetters } = this.#options;
    if (deadLetters === undefined || message.receiveCount < deadLetters.maxReceiveCount) return false;
    this.#drop(message);
    const { groupId, messageId, body } = message;
    deadLetters.queue.send(groupId, messageId, body, messageId);
    return true;
  }

  #drop(message: Message): void {
    const group = this.#groups.get(message.groupId);
    const index = group?.indexOf(message) ?? -1;
    if (group === undefined || index < 0) return;
    group.splice(index, 1);
    if (group.length === 0) this.#groups.delete(message.groupId);
    this.#size -= 1;
  }

  /** A group is open while it has messages and none of them is at work. */
  #reopen(groupId: string): void {
    const group = this.#groups.get(groupId);
    if (group === undefined) return;
    for (const message of group) if (message.receiptHandle !== undefined) return;
    this.#open.add(groupId);
    this.onVisible();
  }
}

function delivery(message: Message, receiptHandle: string): Delivery {
  const { messageId, groupId, receiveCount, body } = message;
  return { messageId, receiptHandle, groupId, receiveCount, body };
}
