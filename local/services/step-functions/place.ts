/** How far a group of states has come (a machine, a branch, an iteration): where a redrive goes on. */
import type { Json } from './json.ts';
import type { MapRunHost } from './map-run.ts';

export class Place {
  /** The state that is at work or failed, with its input; undefined before the first one. */
  at: { readonly name: string; readonly input: Json } | undefined;
  /** Whether the history has that state's Entered event. */
  entered = false;
  /** Of the whole group, when it is through. */
  output: { readonly value: Json } | undefined;
  /** Of the branches or iterations of that state, by their index. */
  #parts = new Map<number, Place>();
  /** Of that state, when it is a distributed Map that has begun. */
  mapRun: MapRunHost | undefined;

  /** The state is begun as if for the first time: nothing that was done within it is kept. */
  forgetParts(): void {
    this.#parts = new Map();
    this.mapRun = undefined;
  }

  get hasParts(): boolean {
    return this.#parts.size > 0;
  }

  part(index: number): Place {
    const part = this.#parts.get(index) ?? new Place();
    this.#parts.set(index, part);
    return part;
  }

  moveTo(name: string, input: Json): void {
    this.at = { name, input };
    this.entered = false;
    this.forgetParts();
  }
}
