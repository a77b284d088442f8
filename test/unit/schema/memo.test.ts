import { expect, it } from 'vitest';
import { memoOf } from '../../../schema/memo.ts';

it('keeps what fits into its column', () => {
  expect(memoOf('lunch')).toBe('lunch');
  expect(memoOf('길'.repeat(501))).toBe('길'.repeat(500));
});

it('is never cut within a character, which no database would take', () => {
  const memo = memoOf(`${'x'.repeat(499)}🍜🍜`);

  expect(memo).toBe(`${'x'.repeat(499)}🍜`);
  expect(memo.isWellFormed()).toBe(true);
});
