#!/usr/bin/env node
// What `npx grantline` starts. It is plain JavaScript, because the machine's own Node may be one that cannot run
// TypeScript: the CLI then runs on the Node that the repository pins.
import { spawn } from 'node:child_process';
import * as module from 'node:module';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { URL, fileURLToPath } from 'node:url';

const OLDEST_WITH_TYPESCRIPT = 24;
const main = new URL('../main.ts', import.meta.url);

// What was compiled once is kept: a command starts in half the time.
if (Number(process.versions.node.split('.')[0]) >= OLDEST_WITH_TYPESCRIPT) {
  module.enableCompileCache();
  await import(main.href);
} else runOnPinnedNode();

function runOnPinnedNode() {
  const child = spawn(pinnedNode(), [fileURLToPath(main), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'), ...process.env },
  });
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
    return join(dirname(module.createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    process.stderr.write(
      `grantline: Node ${process.versions.node} cannot run it and the pinned one is not installed: run npm ci\n`,
    );
    process.exit(2);
  }
}
