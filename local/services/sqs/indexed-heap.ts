export interface HeapItem {
  /** Where the item stands in its heap; notInHeap while it is in none. Written by the heap alone. */
  heapIndex: number;
}

export const notInHeap = -1;

/**
 * A binary heap whose items know their place, so that any of them leaves in O(log n). Queues need that: a message
 * deleted long before its visibility deadline must not stay in memory until then.
 */
export class IndexedHeap<Item extends HeapItem> {
  readonly #items: Item[] = [];
  readonly #before: (a: Item, b: Item) => boolean;

  constructor(before: (a: Item, b: Item) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    this.#place(item, this.#items.length);
    this.#rise(item);
  }

  pop(): Item | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(item: Item): void {
    const gap = item.heapIndex;
    const last = this.#items.pop();
    item.heapIndex = notInHeap;
    if (last === undefined || last === item) return;
    this.#place(last, gap);
    this.#rise(last);
    this.#sink(last);
  }

  clear(): void {
    for (const item of this.#items) item.heapIndex = notInHeap;
    this.#items.length = 0;
  }

  #place(item: Item, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }

  #swap(item: Item, other: Item): void {
    const index = item.heapIndex;
    this.#place(item, other.heapIndex);
    this.#place(other, index);
  }

  #rise(item: Item): void {
    while (item.heapIndex > 0) {
      const parent = this.#items[(item.heapIndex - 1) >> 1];
      if (parent === undefined || !this.#before(item, parent)) return;
      this.#swap(item, parent);
    }
  }

  #sink(item: Item): void {
    for (;;) {
      const left = this.#items[2 * item.heapIndex + 1];
      const right = this.#items[2 * item.heapIndex + 2];
      const child = left !== undefined && right !== undefined && this.#before(right, left) ? right : left;
      if (child === undefined || !this.#before(child, item)) return;
      this.#swap(item, child);
    }
  }
}
