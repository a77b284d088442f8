/** A local runtime that is killed as a whole: its process group, so every process that it started dies at once. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import * as z from 'zod';

export const runtimeProcessOptions = z.object({
  assemblyDirectory: z.string(),
  logDirectory: z.string(),
  databaseUrl: z.string(),
  redisUrl: z.string(),
  money: z.object({ url: z.string(), apiKey: z.string() }),
  slack: z.object({ webhookUrl: z.string() }),
});
export type RuntimeProcessOptions = z.infer<typeof runtimeProcessOptions>;

const report = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('up'),
    endpoints: z.record(z.string(), z.string()),
    outputs: z.array(z.object({ name: z.string(), value: z.unknown() })),
  }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);

export interface RuntimeProcess {
  /** Resolves when it is up; undefined when it was killed before. @throws Error with its own words */
  readonly up: Promise<RunningEndpoints | undefined>;
  /** SIGKILL for all of its processes. */
  kill(): Promise<void>;
  /** Ends it in order. @throws Error when it ends with one, which it has written to stderr */
  close(): Promise<void>;
}

export interface RunningEndpoints {
  readonly stepFunctions: string;
  readonly rdsData: string;
  /** A stack's output. */
  readonly output: (name: string) => string;
}

export function startRuntimeProcess(options: RuntimeProcessOptions): RuntimeProcess {
  const child = fork(new URL('./runtime-main.ts', import.meta.url), {
    // Leader of a process group of its own.
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const exited = once(child, 'exit');
  child.send(options);
  const up = Promise.race([
    once(child, 'message').then(([raw]) => report.parse(raw)),
    exited.then(() => undefined),
  ]).then((said) => {
    if (said === undefined) return undefined;
    if (said.kind === 'failed') throw new Error(said.message);
    const output = (name: string) => {
      const value = said.outputs.find((candidate) => candidate.name === name)?.value;
      if (typeof value !== 'string') throw new Error(`no stack has an output ${name}`);
      return value;
    };
    const { stepFunctions = '', rdsData = '' } = said.endpoints;
    return { stepFunctions, rdsData, output };
  });
  up.catch(() => undefined);
  return {
    up,
    async kill() {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        process.kill(-child.pid, 'SIGKILL');
      }
      await exited;
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
      if (child.exitCode !== 0)
        throw new Error(`the runtime ended with ${child.exitCode ?? child.signalCode}`);
    },
  };
}
