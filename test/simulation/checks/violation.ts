/** An invariant of invariants.md that did not hold. */
export interface Violation {
  readonly invariant: number;
  readonly what: string;
  /** Virtual seconds. */
  readonly at: number;
}
