/** What happened, for people: written only while somebody wants to read it. */
export interface TraceLine {
  /** Virtual seconds. */
  readonly at: number;
  readonly actor: string;
  readonly what: string;
}

export class Trace {
  readonly lines: TraceLine[] = [];
  readonly on: boolean;
  readonly #now: () => number;

  constructor(on: boolean, now: () => number) {
    this.on = on;
    this.#now = now;
  }

  /** Ask `on` first where the text costs something to make. */
  note(actor: string, what: string): void {
    if (this.on) this.lines.push({ at: this.#now(), actor, what });
  }
}

/** '   12.345  lane 2 #3        readBatch of 10' */
export function formatTraceLine({ at, actor, what }: TraceLine): string {
  return `${at.toFixed(4).padStart(10)}  ${actor.padEnd(24)}  ${what}`;
}
