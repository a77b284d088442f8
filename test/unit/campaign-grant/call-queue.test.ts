import { describe, expect, it } from 'vitest';
import { CallQueue } from '../../../lambdas/campaign-grant/app/call-queue.ts';

describe('the queue of an invocation’s calls', () => {
  it('gives each its turn after those that asked before, also after one that failed', async () => {
    const queue = new CallQueue();
    const turns: string[] = [];
    const turn = (name: string, fails = false) =>
      queue.run(async () => {
        turns.push(`${name} begins`);
        await Promise.resolve();
        turns.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });

    const all = await Promise.allSettled([turn('a'), turn('b', true), turn('c')]);

    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(turns).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('tells when it has become so short', async () => {
    const queue = new CallQueue();
    const goOn = Array.from({ length: 3 }, () => Promise.withResolvers<undefined>());
    const calls = goOn.map(({ promise }) => queue.run(() => promise));
    let isShort = false;
    const short = queue.noLongerThan(1).then(() => {
      isShort = true;
    });

    goOn[0]?.resolve(undefined);
    await calls[0];
    await Promise.resolve();
    expect(isShort).toBe(false);

    goOn[1]?.resolve(undefined);
    await short;
    goOn[2]?.resolve(undefined);
    await Promise.all(calls);
    await queue.noLongerThan(0);
  });
});
