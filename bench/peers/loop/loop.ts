/** What the balances' sync often is: a loop with a GET and a SET for each user, one after the other, in a process. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { SyncContender } from '../../point-sync/contender.ts';

const answered = z.tuple([z.object({ seconds: z.number() }), z.unknown()]);

export const plainLoop: SyncContender = {
  name: 'plain loop',
  reports: false,
  async start({ outside: { databaseUrl, redisUrl } }) {
    const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)));
    const exited = once(child, 'exit');
    const ended = exited.then((): never => {
      throw new Error('the plain loop ended: its error is above');
    });
    ended.catch(() => undefined);
    const answer = () => Promise.race([once(child, 'message'), ended]);
    child.send({ databaseUrl, redisUrl });
    await answer();
    return {
      async run() {
        child.send('run');
        const [{ seconds }] = answered.parse(await answer());
        return { syncSeconds: seconds, sweepSeconds: null, reportSeconds: null };
      },
      async close() {
        child.kill();
        await exited;
      },
    };
  },
};
