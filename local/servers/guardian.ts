/** The entry of the guardian process; see guarded-process.ts. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import type { z } from 'zod';
import { guardedCommand } from './guarded-process.ts';
import type { GuardedCommand, guardianReport } from './guarded-process.ts';

/** MariaDB writes its dirty pages on SIGTERM; what takes longer than this hangs, and InnoDB recovers it. */
const GRACE_MS = 30_000;

process.once('message', (raw) => guard(guardedCommand.parse(raw)));

function guard({ command, args, logFile }: GuardedCommand): void {
  const report = (message: z.infer<typeof guardianReport>) => process.send?.(message);
  const log = openSync(logFile, 'a');
  const server = spawn(command, args, { stdio: ['ignore', log, log] });
  const stop = () => {
    server.kill('SIGTERM');
    setTimeout(() => server.kill('SIGKILL'), GRACE_MS).unref();
  };
  server.once('spawn', () => report({ kind: 'started', pid: server.pid ?? -1 }));
  server.once('error', (error) => {
    report({ kind: 'failed', message: error.message });
    process.disconnect();
  });
  server.once('exit', () => process.exit(0));
  process.once('disconnect', stop);
  // Asked by hand (kill of the guardian): the server goes first.
  process.on('SIGTERM', stop);
  // The channel may have closed before the listener above stood.
  if (!process.connected) stop();
}
