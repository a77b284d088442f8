/** Redis as the counters use it: hashes that come and go. */
import type { Progress } from '../../../lambdas/campaign-grant/ports.ts';

export class SimRedis {
  readonly hashes = new Map<string, Progress>();

  reset(summaryId: string, progress: Progress): void {
    const { publishedCount, successCount, failCount, retrySuccessCount } = progress;
    this.hashes.set(summaryId, { publishedCount, successCount, failCount, retrySuccessCount });
  }

  add(summaryId: string, by: Partial<Progress>): void {
    const { publishedCount = 0, successCount = 0, failCount = 0, retrySuccessCount = 0 } = by;
    if (publishedCount === 0 && successCount === 0 && failCount === 0 && retrySuccessCount === 0) return;
    const old = this.hashes.get(summaryId);
    // What is added to a hash that was lost says nothing until it is reset.
    if (old === undefined) return;
    this.hashes.set(summaryId, {
      publishedCount: old.publishedCount + publishedCount,
      successCount: old.successCount + successCount,
      failCount: old.failCount + failCount,
      retrySuccessCount: old.retrySuccessCount + retrySuccessCount,
    });
  }

  read(summaryId: string): Progress | undefined {
    return this.hashes.get(summaryId);
  }

  empty(): void {
    this.hashes.clear();
  }
}
