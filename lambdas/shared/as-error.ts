/** What was thrown, for the log. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
