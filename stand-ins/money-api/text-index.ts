/**
 * A map from texts to numbers, off the JavaScript heap. A million strings in a Map cost twice the memory,
 * every full collection traces them, and the Map stops the event loop for about 100 ms each time that it
 * doubles. Requests that arrive during a pause look like one burst, so a client that keeps the ceiling
 * exactly would be refused for our pause. Here the texts are bytes, and each of 256 shards grows alone.
 */
import { hashText } from '../random.ts';

const shardCount = 256;
// Longer than any Idempotency-Key or voucherNumber in UTF-8; grows for what is longer all the same.
let scratch = Buffer.alloc(1024);

export class TextIndex {
  private readonly shards = Array.from({ length: shardCount }, () => new Shard());
  private entries = 0;

  get size(): number {
    return this.entries;
  }

  get(text: string): number | undefined {
    const hash = hashText(text, 0);
    return this.shardOf(hash).get(encode(text), hash);
  }

  /** For a text that is not there yet. @param value an unsigned 32-bit integer */
  add(text: string, value: number): void {
    const hash = hashText(text, 0);
    this.shardOf(hash).add(encode(text), hash, value);
    this.entries += 1;
  }

  private shardOf(hash: number): Shard {
    const shard = this.shards[hash % shardCount];
    if (shard === undefined) throw new RangeError('no such shard');
    return shard;
  }
}

/** The number of bytes that the text takes in `scratch`. */
function encode(text: string): number {
  if (text.length * 3 > scratch.length) scratch = Buffer.alloc(text.length * 6);
  return scratch.write(text);
}

/** Open addressing with linear probing, half full at most. Capacities are powers of two. */
class Shard {
  /** Entry number + 1; 0 is free. */
  private slots = new Uint32Array(32);
  private hashes = new Uint32Array(16);
  private values = new Uint32Array(16);
  /** Where the text of each entry ends in `bytes`; it starts where the one before ends. */
  private ends = new Uint32Array(16);
  private bytes = Buffer.allocUnsafeSlow(512);
  private count = 0;

  get(length: number, hash: number): number | undefined {
    for (let slot = this.firstSlot(hash); ; slot = (slot + 1) & (this.slots.length - 1)) {
      const entry = (this.slots[slot] ?? 0) - 1;
      if (entry < 0) return undefined;
      if (this.hashes[entry] === hash && this.holds(entry, length)) return this.values[entry];
    }
  }

  add(length: number, hash: number, value: number): void {
    if (this.count === this.values.length) this.growEntries();
    const start = this.end(this.count - 1);
    if (start + length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, start + length));
      this.bytes.copy(larger, 0, 0, start);
      this.bytes = larger;
    }
    scratch.copy(this.bytes, start, 0, length);
    this.hashes[this.count] = hash;
    this.values[this.count] = value;
    this.ends[this.count] = start + length;
    this.place(this.count);
    this.count += 1;
  }

  // The low bits chose the shard, so they are alike here.
  private firstSlot(hash: number): number {
    return Math.floor(hash / shardCount) & (this.slots.length - 1);
  }

  private end(entry: number): number {
    return entry < 0 ? 0 : (this.ends[entry] ?? 0);
  }

  private holds(entry: number, length: number): boolean {
    const [start, end] = [this.end(entry - 1), this.end(entry)];
    return end - start === length && this.bytes.compare(scratch, 0, length, start, end) === 0;
  }

  private place(entry: number): void {
    let slot = this.firstSlot(this.hashes[entry] ?? 0);
    while (this.slots[slot] !== 0) slot = (slot + 1) & (this.slots.length - 1);
    this.slots[slot] = entry + 1;
  }

  private growEntries(): void {
    this.hashes = grown(this.hashes);
    this.values = grown(this.values);
    this.ends = grown(this.ends);
    this.slots = new Uint32Array(this.values.length * 2);
    for (let entry = 0; entry < this.count; entry++) this.place(entry);
  }
}

function grown(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}
