/** Where the Money calls of an invocation wait: each has its turn after those that asked before it. */
export class CallQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #onTurn: () => void = () => undefined;

  /** Runs `turn` when all before it are over. */
  async run<T>(turn: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const taken = this.#last.then(turn).finally(() => {
      this.#waiting -= 1;
      this.#onTurn();
    });
    this.#last = taken.catch(() => undefined);
    return taken;
  }

  /** Resolves when no more than so many wait. One may ask at a time. */
  async noLongerThan(count: number): Promise<void> {
    while (this.#waiting > count) {
      await new Promise<void>((resolve) => {
        this.#onTurn = resolve;
      });
    }
  }
}
