/** 128 and the number of the signal, as a shell says it. */
export const INTERRUPTED = 130;

/** Aborts at the first Ctrl-C or SIGTERM; at the second the process ends as it would have. */
export function untilInterrupted(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.once('SIGINT', abort).once('SIGTERM', abort);
  return {
    signal: controller.signal,
    end: () => {
      process.off('SIGINT', abort).off('SIGTERM', abort);
    },
  };
}
