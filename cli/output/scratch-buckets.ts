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

/** Characters that wait in memory for each bucket. */
const WRITE_AT = 32 * 1024;

export class ScratchBuckets {
  readonly #files: number[];
  readonly #waiting: string[];

  constructor(count: number) {
    const folder = mkdtempSync(join(tmpdir(), 'grantline-verify-'));
    try {
      this.#files = Array.from({ length: count }, (_, index) => openSync(join(folder, String(index)), 'wx+'));
    } finally {
      rmSync(folder, { recursive: true });
    }
    this.#waiting = this.#files.map(() => '');
  }

  get count(): number {
    return this.#files.length;
  }

  /** Synchronously: there is nothing else that this process could do meanwhile. */
  add(bucket: number, line: string): void {
    const waiting = `${this.#waiting[bucket] ?? ''}${line}\n`;
    this.#waiting[bucket] = waiting;
    if (waiting.length >= WRITE_AT) this.#write(bucket);
  }

  /** All lines of a bucket, in the order in which they came. */
  read(bucket: number): string[] {
    this.#write(bucket);
    const file = this.#fileOf(bucket);
    const bytes = Buffer.alloc(fstatSync(file).size);
    for (let at = 0; at < bytes.length;) {
      const count = readSync(file, bytes, at, bytes.length - at, at);
      if (count === 0) throw new Error('a scratch file ended early');
      at += count;
    }
    return bytes.toString('utf8').split('\n').slice(0, -1);
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
  }

  #write(bucket: number): void {
    writeSync(this.#fileOf(bucket), this.#waiting[bucket] ?? '', null);
    this.#waiting[bucket] = '';
  }

  #fileOf(bucket: number): number {
    const file = this.#files[bucket];
    if (file === undefined) throw new RangeError(`there is no bucket ${bucket}`);
    return file;
  }
}
