/** How many ranges a run publishes in parallel: the client's requirement 001, "dynamic scaling". */
export function partitionCountFor(targetCount: number): number {
  if (targetCount <= 1_000_000) return 4;
  if (targetCount < 2_000_000) return 6;
  return 8;
}

/**
 * Row counts of the ranges, equal within one, larger ones first; no range is empty.
 * @example partitionSizes(10, 4) // [3, 3, 2, 2]
 */
export function partitionSizes(targetCount: number, partitionCount: number): number[] {
  const smaller = Math.floor(targetCount / partitionCount);
  const larger = targetCount % partitionCount;
  return Array.from({ length: partitionCount }, (_, index) => smaller + (index < larger ? 1 : 0)).filter(
    (size) => size > 0,
  );
}
