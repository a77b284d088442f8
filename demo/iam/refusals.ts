import type { LoggedCall } from '../../local/iam/call-log.ts';

/**
 * What was refused here fails on AWS, however well a run has gone without it.
 * @throws Error of one line that names the first, and what it lacks
 */
export function requireNoRefusal(calls: readonly LoggedCall[]): void {
  const refused = calls.flatMap(({ refusal }) => refusal ?? []);
  if (refused.length === 0) return;
  throw new Error(`AWS would have refused so many calls: ${refused.length}, the first: ${refused[0] ?? ''}`);
}
