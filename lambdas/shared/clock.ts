import { setTimeout as sleep } from 'node:timers/promises';

export const systemClock = {
  now: () => Date.now(),
  monotonic: () => performance.now() / 1000,
  async sleep(seconds: number): Promise<void> {
    if (seconds > 0) await sleep(seconds * 1000);
  },
};
