/**
 * A server program that cannot outlive us. Between it and us stands a guardian, a tiny Node process that holds
 * an IPC channel to us: when the channel closes, for whatever reason (SIGKILL too), it ends the server.
 * A parent-death signal would need no process, but exists on Linux only.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';

export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Receives stdout and stderr, appended. */
  readonly logFile: string;
}

const guardianReport = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), pid: z.number() }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);

export type GuardianReport = z.infer<typeof guardianReport>;

export interface GuardedProcess {
  /** Of the server itself, not of its guardian. */
  readonly pid: number;
  /** Resolves when the server has ended, asked or not. */
  readonly exited: Promise<void>;
  /** Ends the server in order (SIGTERM) and waits until it has. */
  close(): Promise<void>;
}

export const GUARDIAN = new URL('./guardian.ts', import.meta.url);

/** @throws Error with one line when the program cannot be started. */
export async function startGuarded(command: GuardedCommand): Promise<GuardedProcess> {
  const guardian = fork(GUARDIAN, [command.logFile, command.command, ...command.args], {
    // Its own session: Ctrl-C in our terminal must reach us first, so that we end the servers in order.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  const exited = once(guardian, 'exit').then(() => undefined);
  const pid = await reportedPid(guardian, exited, command);
  return {
    pid,
    exited,
    close: async () => {
      if (guardian.connected) guardian.disconnect();
      await exited;
    },
  };
}

async function reportedPid(guardian: ChildProcess, exited: Promise<void>, command: GuardedCommand) {
  const reported = once(guardian, 'message').then(([raw]) => guardianReport.parse(raw));
  const report = await Promise.race([reported, exited.then(() => undefined)]);
  if (report?.kind === 'started') return report.pid;
  throw new Error(`cannot start ${command.command}: ${report?.message ?? 'its guardian ended'}`);
}
