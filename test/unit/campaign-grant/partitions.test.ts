import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partitionCountFor, partitionSizes } from '../../../lambdas/campaign-grant/domain/partitions.ts';

describe('the number of partitions', () => {
  it.each([
    [1, 4],
    [1_000_000, 4],
    [1_000_001, 6],
    [1_999_999, 6],
    [2_000_000, 8],
    [100_000_000, 8],
  ])('of %i targets is %i', (targets, partitions) => {
    expect(partitionCountFor(targets)).toBe(partitions);
  });
});

describe('the sizes of the partitions', () => {
  it('sum to the targets, differ by one at most, and none is empty', () => {
    fc.assert(
      fc.property(fc.nat(5_000_000), fc.integer({ min: 1, max: 8 }), (targets, count) => {
        const sizes = partitionSizes(targets, count);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(targets);
        expect(sizes.every((size) => size > 0)).toBe(true);
        if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('are as many as there are targets when there are fewer targets than partitions', () => {
    expect(partitionSizes(3, 4)).toEqual([1, 1, 1]);
    expect(partitionSizes(0, 4)).toEqual([]);
  });
});
