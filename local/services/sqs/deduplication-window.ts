/** SQS remembers a deduplication id for five minutes, also after its message was received and deleted. */
export const deduplicationWindowMs = 5 * 60 * 1000;

export interface SentMessage {
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly sentAt: number;
}

/**
 * The deduplication ids of the last five minutes, however many. Two generations of one window's length: an id is
 * looked up in both, and the older generation is dropped whole, so forgetting costs nothing per id and memory holds
 * what two windows sent.
 */
export class DeduplicationWindow {
  #current = new Map<string, SentMessage>();
  #previous = new Map<string, SentMessage>();
  #currentSince = -Infinity;

  /** The message sent under this id within the window, if there is one. */
  find(id: string, now: number): SentMessage | undefined {
    const sent = this.#current.get(id) ?? this.#previous.get(id);
    return sent !== undefined && now - sent.sentAt < deduplicationWindowMs ? sent : undefined;
  }

  record(id: string, sent: SentMessage): void {
    const age = sent.sentAt - this.#currentSince;
    if (age >= deduplicationWindowMs) {
      this.#previous = age < 2 * deduplicationWindowMs ? this.#current : new Map<string, SentMessage>();
      this.#current = new Map<string, SentMessage>();
      this.#currentSince = sent.sentAt;
    }
    this.#current.set(id, sent);
  }

  /** Ids held, expired ones that are not dropped yet included. */
  get size(): number {
    return this.#current.size + this.#previous.size;
  }
}
