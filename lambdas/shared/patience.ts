/**
 * How long a client of an AWS service waits for an answer, as its `requestHandler`. The SDK by itself only logs that
 * the time has passed, and waits on.
 * @throws TimeoutError by the client, which its own retries take for a passing failure
 */
export function patience(requestMs: number, connectMs = requestMs) {
  return { connectionTimeout: connectMs, requestTimeout: requestMs, throwOnRequestTimeout: true } as const;
}
