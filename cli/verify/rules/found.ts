const MOST_EXAMPLES = 5;

/** Counts what is wrong, and keeps the first few ids of it: in order, whatever the order they come in. */
export class Found {
  count = 0;
  #examples: string[] = [];

  get examples(): readonly string[] {
    return this.#examples;
  }

  add(id: string): void {
    this.count += 1;
    this.#examples = [...this.#examples, id].sort(compareIds).slice(0, MOST_EXAMPLES);
  }

  addIf(isFound: boolean, id: string): void {
    if (isFound) this.add(id);
  }
}

/** Numbers by size and before texts. They are past 2^53, and as BigInt slower than as digits. */
export function compareIds(a: string, b: string): number {
  const [isNumberA, isNumberB] = [isId(a), isId(b)];
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  if (isNumberA && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isId(text: string): boolean {
  return /^[1-9][0-9]{0,18}$/.test(text);
}
