/** Finds transaction keys that more than one target has, with flat memory. */
import * as z from 'zod';
import { Found } from './rules/found.ts';
import { ScratchBuckets } from '../output/scratch-buckets.ts';

const line = z.tuple([z.string(), z.string()]);

export class SharedKeys {
  readonly #buckets: ScratchBuckets;

  constructor(bucketCount: number) {
    this.#buckets = new ScratchBuckets(bucketCount);
  }

  add(transactionKey: string, targetId: string): void {
    // The same key is always in the same bucket.
    this.#buckets.add(
      hashOf(transactionKey) % this.#buckets.count,
      JSON.stringify([transactionKey, targetId]),
    );
  }

  /** Every target whose key another one has too. */
  find(): Found {
    const found = new Found();
    for (let bucket = 0; bucket < this.#buckets.count; bucket += 1) {
      const owners = new Map<string, { readonly first: string; isShared: boolean }>();
      for (const text of this.#buckets.read(bucket)) {
        const [key, targetId] = line.parse(JSON.parse(text));
        const owner = owners.get(key);
        if (owner === undefined) {
          owners.set(key, { first: targetId, isShared: false });
          continue;
        }
        if (!owner.isShared) found.add(owner.first);
        owner.isShared = true;
        found.add(targetId);
      }
    }
    return found;
  }

  close(): void {
    this.#buckets.close();
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
