import { expect, it } from 'vitest';
import { RateLimit } from '../../../stand-ins/slack/rate-limit.ts';

it('admits a burst, and then one a second', () => {
  let now = 0;
  const limit = new RateLimit(2, () => now);
  const admitted = (count: number) => Array.from({ length: count }, () => limit.admits());

  expect(admitted(3)).toEqual([true, true, false]);
  now = 999;
  expect(admitted(1)).toEqual([false]);
  now = 1_000;
  expect(admitted(2)).toEqual([true, false]);
});

it('saves up no more than a burst', () => {
  let now = 0;
  const limit = new RateLimit(2, () => now);

  now = 3_600_000;

  expect(Array.from({ length: 3 }, () => limit.admits())).toEqual([true, true, false]);
});
