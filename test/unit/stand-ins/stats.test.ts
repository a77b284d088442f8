import { describe, expect, it } from 'vitest';
import { Stats } from '../../../stand-ins/money-api/stats.ts';

/** A request of a new key at each of these milliseconds, or of an old one where it says so. */
function statsOf(requests: readonly { at: number; isNew: boolean }[]): Stats {
  const stats = new Stats();
  for (const { at, isNew } of requests) {
    stats.arrived(at);
    if (isNew) stats.isNewKey();
  }
  return stats;
}

const every = (ms: number, from: number, to: number, isNew: boolean) =>
  Array.from({ length: (to - from) / ms }, (_, index) => ({ at: from + index * ms, isNew }));

describe('the steady part of the requests', () => {
  it('begins a second after the first of them', () => {
    const { steady } = statsOf([...every(100, 0, 1_000, true), ...every(1, 1_000, 3_000, true)]).report();

    expect(steady).toEqual({ calls: 2_000, seconds: 1.999 });
  });

  it('ends with the last first attempt: later ones only ask again', () => {
    const requests = [...every(10, 0, 3_000, true), ...every(10, 3_000, 5_000, false)];

    expect(statsOf(requests).report().steady).toEqual({ calls: 200, seconds: 1.99 });
  });

  it('counts what is asked again before that', () => {
    const requests = [
      ...every(10, 0, 2_000, true),
      ...every(10, 2_000, 2_500, false),
      { at: 3_000, isNew: true },
    ];

    expect(statsOf(requests).report().steady).toEqual({ calls: 151, seconds: 2 });
  });

  it('is none of a client that was done within a second, nor after a reset', () => {
    const stats = statsOf(every(10, 0, 3_000, true));
    stats.reset();

    expect(statsOf(every(10, 0, 900, true)).report().steady).toBeNull();
    expect(stats.report().steady).toBeNull();
  });
});
