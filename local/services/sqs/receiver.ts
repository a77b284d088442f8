/**
 * Who is receiving. fauxqs does not hand its queues the request they serve, so that request's end travels beside it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';

const receiver = new AsyncLocalStorage<AbortSignal>();

/** Aborted when the caller of the ReceiveMessage that is being served has hung up. */
export function currentReceiver(): AbortSignal | undefined {
  return receiver.getStore();
}

export function serveReceiver(response: ServerResponse, serve: () => void): void {
  const hungUp = new AbortController();
  response.once('close', () => {
    // An answered request closes too; to abort then would build an exception for nobody, at every receive.
    if (!response.writableFinished) hungUp.abort();
  });
  receiver.run(hungUp.signal, serve);
}
