/**
 * Runs `work` for 0…count−1, at most `concurrency` at once, in order of the index. Starts nothing after `signal`
 * is aborted. Rejects at the first rejection: the caller aborts the signal then, and the rest ends by it.
 */
export async function runPool(
  count: number,
  concurrency: number,
  signal: AbortSignal,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count && !signal.aborted) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(count, concurrency) }, worker));
}
