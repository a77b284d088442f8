/** An execution's history: what GetExecutionHistory shows, under the quota that ends long executions. */
import { Halt, StateError } from './errors.ts';
import type { JsonObject } from './json.ts';

/** AWS quota. The last of them is the event that ends the execution. */
export const MAX_HISTORY_EVENTS = 25_000;

export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The field of the protocol that this type of event has, such as `stateEnteredEventDetails`. */
  readonly details: JsonObject;
}

export class History {
  readonly events: HistoryEvent[] = [];
  #ended = false;

  /** A branch's view: its events name each other as the previous ones, whatever other branches do. */
  trail(previousEventId = 0): Trail {
    return new Trail(this, previousEventId);
  }

  /** @throws StateError when only the execution's last event has room left; Halt after that event. */
  add(type: string, details: JsonObject, previousEventId: number): number {
    if (this.#ended) throw new Halt('the execution has ended');
    if (this.events.length >= MAX_HISTORY_EVENTS - 1) {
      throw new StateError(
        'States.Runtime',
        `The execution reached the maximum number of history events (${MAX_HISTORY_EVENTS}).`,
      );
    }
    return this.#push(type, details, previousEventId);
  }

  /** The event that ends the execution, which always has room. */
  end(type: string, details: JsonObject): void {
    this.#push(type, details, this.events.length);
    this.#ended = true;
  }

  /** Goes on behind the event that ended the execution. @returns the view of what is redriven */
  resume(type: string, details: JsonObject): Trail {
    this.#ended = false;
    return this.trail(this.#push(type, details, this.events.length));
  }

  #push(type: string, details: JsonObject, previousEventId: number): number {
    const id = this.events.length + 1;
    this.events.push({ id, previousEventId, type, timestamp: Date.now(), details });
    return id;
  }
}

export class Trail {
  readonly #history: History;
  #previous: number;

  constructor(history: History, previous: number) {
    this.#history = history;
    this.#previous = previous;
  }

  add(type: string, details: JsonObject = {}): void {
    this.#previous = this.#history.add(type, details, this.#previous);
  }

  fork(): Trail {
    return this.#history.trail(this.#previous);
  }
}
