/**
 * The entry of the guardian process; see guarded-process.ts. Its arguments: the log file, the program, the program's
 * own. It loads no library, because one stands beside each server.
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import type { GuardianReport } from './guarded-process.ts';

/** MariaDB writes its dirty pages on SIGTERM; what takes longer than this hangs, and InnoDB recovers it. */
const GRACE_MS = 30_000;

const [logFile = '', command = '', ...args] = process.argv.slice(2);
const log = openSync(logFile, 'a');
const server = spawn(command, args, { stdio: ['ignore', log, log] });

const report = (message: GuardianReport) => process.send?.(message);
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
