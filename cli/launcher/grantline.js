#!/usr/bin/env node
// What `npx grantline` starts. It is plain JavaScript, because the machine's own Node may be one that cannot run
// TypeScript: the CLI then runs on the Node that the repository pins.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { URL, fileURLToPath } from 'node:url';

const OLDEST_WITH_TYPESCRIPT = 24;
const main = new URL('../main.ts', import.meta.url);

if (Number(process.versions.node.split('.')[0]) >= OLDEST_WITH_TYPESCRIPT) await import(main.href);
else runOnPinnedNode();

function runOnPinnedNode() {
  const child = spawn(pinnedNode(), [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C on a terminal reaches the child by itself; this process only must not end before it.
  process.on('SIGINT', () => undefined);
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    process.stderr.write(`grantline: the pinned Node cannot be run (${error.message}): run npm ci\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    // As a shell says it: 128 and the number of the signal.
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}

function pinnedNode() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    process.stderr.write(
      `grantline: Node ${process.versions.node} cannot run it and the pinned one is not installed: run npm ci\n`,
    );
    process.exit(2);
  }
}
