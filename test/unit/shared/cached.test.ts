import { describe, expect, it } from 'vitest';
import { cached } from '../../../lambdas/shared/cached.ts';

function makeCached() {
  let now = 0;
  let reads = 0;
  let failing = false;
  const read = cached(
    () => {
      reads += 1;
      return failing ? Promise.reject(new Error('away')) : Promise.resolve(`value ${reads}`);
    },
    { seconds: 60, monotonic: () => now },
  );
  return {
    read,
    advance: (seconds: number) => (now += seconds),
    fail: (on: boolean) => (failing = on),
    reads: () => reads,
  };
}

describe('what is cached', () => {
  it('is read once, for those who ask at the same moment too', async () => {
    const { read, reads } = makeCached();

    expect(await Promise.all([read(), read()])).toEqual(['value 1', 'value 1']);
    expect(await read()).toBe('value 1');
    expect(reads()).toBe(1);
  });

  it('is read anew when its time is over', async () => {
    const { read, advance } = makeCached();
    await read();

    advance(59.9);
    expect(await read()).toBe('value 1');
    advance(0.1);
    expect(await read()).toBe('value 2');
  });

  it('is no failure: the next one who asks has it read again', async () => {
    const { read, fail } = makeCached();
    fail(true);
    await expect(read()).rejects.toThrow('away');

    fail(false);
    expect(await read()).toBe('value 2');
  });

  it('is not what it was before a failure', async () => {
    const { read, advance, fail } = makeCached();
    await read();
    advance(60);
    fail(true);

    await expect(read()).rejects.toThrow('away');
  });
});
