/**
 * A service of the local runtime in a process of its own, so that its CPU and memory can be seen apart.
 * The child ends with its parent, however the parent ends: the IPC channel closes and the child exits.
 */
import { fork } from 'node:child_process';
import type { ChildProcess, Serializable } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { z } from 'zod';
import { shownPath } from './shown-path.ts';

/** What a service started in a child tells its parent. */
export interface RunningService {
  /** Base URL, http://127.0.0.1:port. */
  readonly url: string;
  close(): Promise<void>;
}

/** One that can be told something while it runs. */
export interface ToldService extends RunningService {
  readonly tell?: (message: unknown) => void;
}

const childReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('listening'), url: z.string() }),
  z.object({ kind: z.literal('told') }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);

/** Called by the entry file of a service: waits for the options, starts it, reports the URL. */
export function serveAsChild<Options>(
  parseOptions: (raw: unknown) => Options,
  start: (options: Options) => Promise<ToldService>,
): void {
  const report = (message: z.infer<typeof childReport>) => process.send?.(message);
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole process group; the parent decides the order in which its services end.
  process.on('SIGINT', () => undefined);
  const fail = (error: unknown) =>
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.once('message', (raw) => {
    Promise.resolve(raw)
      .then((options) => start(parseOptions(options)))
      .then((service) => {
        process.on('message', (message) => {
          try {
            service.tell?.(message);
            report({ kind: 'told' });
          } catch (error) {
            fail(error);
          }
        });
        report({ kind: 'listening', url: service.url });
        process.once('SIGTERM', () => void service.close().finally(() => process.exit(0)));
      }, fail);
  });
}

export interface ChildService extends RunningService {
  readonly pid: number;
  /** Resolves when the child has ended, asked or not. */
  readonly exited: Promise<void>;
  /**
   * Resolves when it acts on it; one at a time.
   * @throws Error with the child's own message
   */
  tell(message: Serializable): Promise<void>;
}

/**
 * Starts `entry` (a file that calls serveAsChild) and waits until it listens.
 * @throws Error with the child's own one-line message when it could not start.
 */
export async function spawnService(
  entry: URL,
  options: Serializable,
  how: { readonly logFile: string; readonly env?: NodeJS.ProcessEnv; readonly execArgv?: string[] },
): Promise<ChildService> {
  const log = createWriteStream(how.logFile, { flags: 'a' });
  await once(log, 'open');
  const child = fork(entry, {
    stdio: ['ignore', log, log, 'ipc'],
    env: how.env ?? process.env,
    execArgv: how.execArgv ?? [],
  });
  const exited = once(child, 'exit').then(() => {
    log.end();
  });
  child.send(options);
  const url = await firstReport(child, exited, how.logFile);
  const tell = async (message: Serializable) => {
    const answer = nextReport(child, exited);
    child.send(message);
    const report = await answer;
    if (report?.kind !== 'told')
      throw new Error(report?.kind === 'failed' ? report.message : 'the service has ended');
  };
  return {
    url,
    pid: child.pid ?? -1,
    exited,
    tell,
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
    },
  };
}

async function firstReport(child: ChildProcess, exited: Promise<void>, logFile: string): Promise<string> {
  const report = await nextReport(child, exited);
  if (report?.kind === 'listening') return report.url;
  child.kill('SIGKILL');
  throw new Error(
    report?.kind === 'failed'
      ? report.message
      : `the service ended before it listened; its log is ${shownPath(logFile)}`,
  );
}

/** Undefined when it has ended. */
function nextReport(child: ChildProcess, exited: Promise<void>) {
  const reported = once(child, 'message').then(([raw]) => childReport.parse(raw));
  return Promise.race([reported, exited.then(() => undefined)]);
}
