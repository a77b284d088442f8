/**
 * Virtual time: what is to happen, in order. Nothing happens while time stands still, and time passes only to the
 * next event, so that an hour of waiting costs nothing.
 */
interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

export class Timeline {
  /** Seconds since the world began. */
  now = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  at(time: number, happen: () => void): void {
    const event = { at: time > this.now ? time : this.now, order: this.#order, happen };
    this.#order += 1;
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(event);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, event)) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = event;
  }

  after(seconds: number, happen: () => void): void {
    this.at(this.now + seconds, happen);
  }

  /** How many events are still to come. */
  get pending(): number {
    return this.#heap.length;
  }

  /**
   * One event after the other until `isOver` or nothing is left. Between two events every promise that the first has
   * settled is followed to its end: a task goes on until it awaits something that only time brings.
   */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        const event = isOver() ? undefined : this.#take();
        if (event === undefined) {
          resolve();
          return;
        }
        this.now = event.at;
        try {
          event.happen();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        queueMicrotask(arm);
      };
      // Node runs a tick only when no microtask is left. Asked for from a microtask it comes after all of them,
      // without the turn of the event loop that setImmediate costs.
      const arm = () => process.nextTick(step);
      arm();
    });
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (isBefore(last, below)) break;
      heap[hole] = below;
      hole = child;
    }
    heap[hole] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
