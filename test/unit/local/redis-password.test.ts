import { expect, test } from 'vitest';
import { withoutPassword } from '../../../demo/world.ts';

test.each([
  ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379', undefined],
  ['redis://:pass%2Fword@127.0.0.1:6379', 'redis://127.0.0.1:6379', 'pass/word'],
  ['rediss://user:word@redis.internal:6380/2', 'rediss://user@redis.internal:6380/2', 'word'],
])('%s is %s for functions, and its password %s a secret', (address, url, password) => {
  expect(withoutPassword(address)).toEqual({ url, password });
});
