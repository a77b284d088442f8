import type { Check } from './checks.ts';

/** A count of what differs, with the first of it for whoever looks into it. */
export class Differences {
  count = 0;
  #first = '';

  add(what: string): void {
    if (this.count === 0) this.#first = what;
    this.count += 1;
  }

  check(name: string, looked: number): Check {
    const detail = this.count === 0 ? `all ${looked}` : `${this.count} of ${looked} do not; ${this.#first}`;
    return { name, ok: this.count === 0, detail };
  }
}
