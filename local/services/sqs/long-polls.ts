/**
 * The receivers that wait for a message. They are woken one at a time, the next one when the one before has taken
 * its messages and some are left: nobody is woken to find the queue empty, however many wait.
 */
export class LongPolls {
  readonly #waiting = new Set<() => void>();
  #waking = false;
  #closed = false;

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves when there may be something to receive, the time is over, the caller hung up or the service closes. */
  wait(milliseconds: number, hungUp?: AbortSignal): Promise<void> {
    if (this.#closed || hungUp?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        hungUp?.removeEventListener('abort', end);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      hungUp?.addEventListener('abort', end, { once: true });
      this.#waiting.add(end);
    });
  }

  wakeOne(): void {
    if (this.#waking) return;
    for (const end of this.#waiting) {
      this.#waking = true;
      end();
      return;
    }
  }

  /** The woken receiver, or any other, has come to take messages: the next one may be woken. */
  arrived(): void {
    this.#waking = false;
  }

  endAll(): void {
    for (const end of this.#waiting) end();
  }

  /** Ends all and lets nobody wait from now on. */
  close(): void {
    this.#closed = true;
    this.endAll();
  }
}
