import type { JobRange } from '../../../schema/jobs.ts';

/** Above every id: who comes while we work is in the last range. */
export const HIGHEST_ID = '9223372036854775807';

/** The range of everything, for a step that is not cut. */
export const WHOLE_RANGE: JobRange = { rangeNumber: 0, afterId: '0', toId: HIGHEST_ID };

/**
 * Contiguous ranges from the lowest id to the highest that there can be.
 * @param endOf where the range after this id ends; undefined: it is the last
 */
export async function rangesBy(endOf: (afterId: string) => Promise<string | undefined>): Promise<JobRange[]> {
  const ranges: JobRange[] = [];
  let afterId = '0';
  for (;;) {
    const toId = (await endOf(afterId)) ?? HIGHEST_ID;
    ranges.push({ rangeNumber: ranges.length, afterId, toId });
    if (toId === HIGHEST_ID) return ranges;
    afterId = toId;
  }
}
