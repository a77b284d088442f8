/** Synth measures every bundle that it makes, and fails for one that is too large. */
import { expect, test } from 'vitest';
import { assertBundleSize } from '../../lib/constructs/bundle-size.ts';

test('a bundle of more than a megabyte and a half is refused by its name', () => {
  expect(() => assertBundleSize('lambdas/a/b.lambda.ts', 1_500_000)).not.toThrow();
  expect(() => assertBundleSize('lambdas/a/b.lambda.ts', 1_500_001)).toThrow(
    'lambdas/a/b.lambda.ts: its bundle has 1,500,001 bytes, and 1,500,000 is the most',
  );
});
