import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-process.ts';
import type { GuardedProcess } from './guarded-process.ts';
import type { RedisPrograms } from './programs.ts';
import { waitUntilReady } from './wait-until-ready.ts';

export interface RedisOptions {
  readonly dataDir: string;
  readonly logFile: string;
  readonly programs: RedisPrograms;
  readonly port?: number;
}

export interface RunningRedis extends GuardedProcess {
  /** redis://127.0.0.1:port */
  readonly url: string;
}

/**
 * A private Redis or Valkey that keeps nothing over a restart: to Grantline Redis is a cache, rows are the truth.
 * @throws Error of one line when it does not come up.
 */
export async function startRedis({ dataDir, logFile, programs, port }: RedisOptions): Promise<RunningRedis> {
  await mkdir(dataDir, { recursive: true });
  const listenPort = port ?? (await freePort());
  const server = await startGuarded({
    command: programs.redisServer,
    args: [
      ...['--port', String(listenPort), '--bind', '127.0.0.1', '--dir', dataDir],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    ],
    logFile,
  });
  const name = `redis on port ${listenPort}`;
  await waitUntilReady(server, () => answers(listenPort, server.pid), { name, logFile, timeoutMs: 15_000 });
  return { ...server, url: `redis://127.0.0.1:${listenPort}` };
}

/** Its process id is asked for, because another server may be the one that answers on the port. */
function answers(port: number, pid: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO server\r\n'));
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1_000, () => answer(false));
    socket.once('data', (data) => answer(data.toString().includes(`process_id:${pid}\r\n`)));
    socket.once('error', () => answer(false));
  });
}
