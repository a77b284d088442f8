/** The local runtime as a process that can be killed: starts when it is told on what, and says when it is up. */
import { startOn } from '../../demo/world.ts';
import { runtimeProcessOptions } from './runtime-process.ts';

process.on('disconnect', () => process.exit(0));
process.once('message', (raw) => {
  const { assemblyDirectory, logDirectory, ...outside } = runtimeProcessOptions.parse(raw);
  startOn(outside, { assemblyDirectory, logDirectory }).then(
    (runtime) => {
      process.send?.({ kind: 'up', endpoints: runtime.endpoints, outputs: runtime.outputs });
      process.once('SIGTERM', () => {
        runtime.close().then(
          () => process.exit(0),
          (error: unknown) => {
            // As when AWS would have refused a call.
            console.error(error instanceof Error ? error.message : error);
            process.exit(1);
          },
        );
      });
    },
    (error: unknown) => {
      process.send?.({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    },
  );
});
