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
  /** Which it asks for; without it, for none. */
  readonly password?: string;
}

export interface RunningRedis extends GuardedProcess {
  /** redis://127.0.0.1:port, with the password that it asks for. */
  readonly url: string;
}

/**
 * A private Redis or Valkey that keeps nothing over a restart: to Grantline Redis is a cache, rows are the truth.
 * @throws Error of one line when it does not come up.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { dataDir, logFile, programs, port, password } = options;
  await mkdir(dataDir, { recursive: true });
  const listenPort = port ?? (await freePort());
  const server = await startGuarded({
    command: programs.redisServer,
    args: [
      ...['--port', String(listenPort), '--bind', '127.0.0.1', '--dir', dataDir],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
      ...(password === undefined ? [] : ['--requirepass', password]),
    ],
    logFile,
  });
  const name = `redis on port ${listenPort}`;
  await waitUntilReady(server, () => answers(listenPort, server.pid, password), {
    name,
    logFile,
    timeoutMs: 15_000,
  });
  const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  return { ...server, url: `redis://${credentials}127.0.0.1:${listenPort}` };
}

/** Its process id is asked for, because another server may be the one that answers on the port. */
function answers(port: number, pid: number, password: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const ask = `${password === undefined ? '' : `AUTH ${password}\r\n`}INFO server\r\nQUIT\r\n`;
    const socket = connect(port, '127.0.0.1', () => socket.write(ask));
    let said = '';
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1_000, () => answer(false));
    socket.on('data', (data) => (said += data.toString()));
    // It closes the connection behind its last answer.
    socket.once('end', () => answer(said.includes(`process_id:${pid}\r\n`)));
    socket.once('error', () => answer(false));
  });
}
