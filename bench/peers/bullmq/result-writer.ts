import type { Pool } from 'mysql2/promise';

export interface GrantResult {
  readonly targetId: string;
  readonly promotionId: string;
  readonly processStatus: 'SUCCESS' | 'FAILED';
  readonly transactionKey: string | null;
  readonly errorMessage: string | null;
  readonly attemptCount: number;
}

const LARGEST_BATCH = 100;
const LONGEST_WAIT_MS = 20;

/** Writes results together; a job is done when its result is. */
export class ResultWriter {
  readonly #db: Pool;
  #waiting: { result: GrantResult; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Pool) {
    this.#db = db;
  }

  write(result: GrantResult): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ result, resolve, reject });
      if (this.#waiting.length >= LARGEST_BATCH) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), LONGEST_WAIT_MS);
    });
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    const rows = batch.map(({ result }) => [
      result.targetId,
      result.promotionId,
      result.processStatus,
      result.transactionKey,
      result.errorMessage,
      result.attemptCount,
    ]);
    this.#db
      .query(
        `INSERT INTO campaign_promotion_point_results
           (point_target_id, promotion_id, process_status, transaction_key, error_message, attempt_count)
         VALUES ?
         ON DUPLICATE KEY UPDATE
           process_status = VALUES(process_status), transaction_key = VALUES(transaction_key),
           error_message = VALUES(error_message), attempt_count = VALUES(attempt_count)`,
        [rows],
      )
      .then(
        () => {
          for (const { resolve } of batch) resolve();
        },
        (error: unknown) => {
          for (const { reject } of batch) reject(error);
        },
      );
  }
}
