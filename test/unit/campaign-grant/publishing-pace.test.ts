import { describe, expect, it } from 'vitest';
import { PublishingPace, staggerOf } from '../../../lambdas/campaign-grant/domain/publishing-pace.ts';

const LIMITS = { backlogLimit: 60_000, tps: 1_000 };
const PAGE_SIZE = 1_000;
const PARTITIONS = [0, 1, 2, 3];

/** When the partitions publish their pages, by a queue whose backlog is always the same. */
function pagesUntil(end: number, backlog: number): number[] {
  return PARTITIONS.flatMap((number) => {
    const pages: number[] = [];
    const pace = new PublishingPace(LIMITS, PAGE_SIZE, number, 0);
    let now = staggerOf(number);
    while (now < end) {
      const wait = pace.waitFor(backlog, now);
      if (wait === 0) {
        pages.push(now);
        pace.publishes(now);
      }
      now += wait > 0 ? wait : 0.001;
    }
    return pages;
  }).toSorted((a, b) => a - b);
}

describe('four partitions behind a comfortable backlog', () => {
  const pages = pagesUntil(1_000, 30_000);

  it('publish 1.6 times as fast as is paid', () => {
    expect((pages.length * PAGE_SIZE) / 1_000 / LIMITS.tps).toBeCloseTo(1.6, 1);
  });

  it('publish their pages one after the other, not all at once', () => {
    const gaps = pages.slice(1).map((at, index) => at - (pages[index] ?? 0));

    expect(Math.min(...gaps.slice(PARTITIONS.length))).toBeGreaterThan(0.3);
  });
});

describe('a partition', () => {
  const pace = () => {
    const begun = new PublishingPace(LIMITS, PAGE_SIZE, 0, 0);
    begun.publishes(0);
    return begun;
  };

  it('publishes at once while less than two seconds of work are waiting', () => {
    expect(pace().waitFor(1_999, 0)).toBe(0);
    expect(pace().waitFor(2_000, 0)).toBeGreaterThan(0);
  });

  it('publishes nothing while the queue is full, however long it waits', () => {
    expect(pace().waitFor(60_000, 1_000)).toBe(1);
  });

  it('never waits for longer than a second before it looks again: the campaign may be stopped', () => {
    expect(new PublishingPace({ ...LIMITS, tps: 10 }, PAGE_SIZE, 3, 0).waitFor(100, 0)).toBe(1);
  });
});
