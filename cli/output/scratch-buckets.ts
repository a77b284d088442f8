/**
 * Lines put aside on disk in buckets, each small enough to be looked at in memory: how a million keys are compared
 * with flat memory. On disk and not in the database, which has other things to do than to sort for a check.
 *
 * The files are removed from their folder as soon as they are open: nothing is left behind, however this process
 * ends.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of each bucket that wait in memory. */
const WRITE_AT = 32 * 1024;

interface Bucket {
  readonly file: number;
  /** Bytes, and not texts that are added up: a million small ones are a heap that has to be cleared away. */
  readonly waiting: Buffer;
  filled: number;
}

export class ScratchBuckets {
  readonly #buckets: readonly Bucket[];

  constructor(count: number) {
    const folder = mkdtempSync(join(tmpdir(), 'grantline-scratch-'));
    try {
      this.#buckets = Array.from({ length: count }, (_, index) => ({
        file: openSync(join(folder, String(index)), 'wx+'),
        waiting: Buffer.allocUnsafeSlow(WRITE_AT),
        filled: 0,
      }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  get count(): number {
    return this.#buckets.length;
  }

  /** Synchronously: there is nothing else that this process could do meanwhile. */
  add(index: number, line: string): void {
    const bucket = this.#bucketOf(index);
    const text = `${line}\n`;
    // A UTF-16 unit is at most three bytes.
    if (bucket.filled + text.length * 3 > WRITE_AT) write(bucket);
    if (text.length * 3 > WRITE_AT) writeAll(bucket.file, Buffer.from(text));
    else bucket.filled += bucket.waiting.write(text, bucket.filled);
  }

  /** All lines of a bucket, in the order in which they came. */
  read(index: number): string[] {
    const bucket = this.#bucketOf(index);
    write(bucket);
    const { file } = bucket;
    const bytes = Buffer.alloc(fstatSync(file).size);
    for (let at = 0; at < bytes.length;) {
      const count = readSync(file, bytes, at, bytes.length - at, at);
      if (count === 0) throw new Error('a scratch file ended early');
      at += count;
    }
    return bytes.toString('utf8').split('\n').slice(0, -1);
  }

  close(): void {
    for (const { file } of this.#buckets) closeSync(file);
  }

  #bucketOf(index: number): Bucket {
    const bucket = this.#buckets[index];
    if (bucket === undefined) throw new RangeError(`there is no bucket ${index}`);
    return bucket;
  }
}

function write(bucket: Bucket): void {
  writeAll(bucket.file, bucket.waiting.subarray(0, bucket.filled));
  bucket.filled = 0;
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}
