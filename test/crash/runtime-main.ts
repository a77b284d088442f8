/** The local runtime as a process that can be killed: starts when it is told on what, and says when it is up. */
import { giveWay } from '../../local/process/priority.ts';
import { startRuntime } from '../../local/runtime.ts';
import { runtimeProcessOptions } from './runtime-process.ts';

giveWay();
process.on('disconnect', () => process.exit(0));
process.once('message', (raw) => {
  const { assemblyDirectory, logDirectory, databaseUrl, redisUrl, money } = runtimeProcessOptions.parse(raw);
  startRuntime({
    assemblyDirectory,
    logDirectory,
    databaseUrl,
    redisUrl,
    overrides: {
      REDIS_URL: redisUrl,
      MONEY_API_URL: money.url,
      DATABASE_NAME: new URL(databaseUrl).pathname.slice(1),
    },
    secrets: { MONEY_API_KEY: money.apiKey },
  }).then(
    (runtime) => {
      process.send?.({ kind: 'up', endpoints: runtime.endpoints, outputs: runtime.outputs });
      process.once('SIGTERM', () => void runtime.close().finally(() => process.exit(0)));
    },
    (error: unknown) => {
      process.send?.({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    },
  );
});
