/**
 * What `read` gave last, for so many seconds; those who ask at the same moment share one read, and one that failed is
 * not kept.
 * @param monotonic seconds of a clock that never goes back
 */
export function cached<T>(
  read: () => Promise<T>,
  { seconds, monotonic }: { readonly seconds: number; readonly monotonic: () => number },
): () => Promise<T> {
  let kept: { readonly value: Promise<T>; readonly until: number } | undefined;
  return () => {
    if (kept !== undefined && monotonic() < kept.until) return kept.value;
    const reading = { value: read(), until: monotonic() + seconds };
    kept = reading;
    reading.value.catch(() => {
      if (kept === reading) kept = undefined;
    });
    return reading.value;
  };
}
