import type { Health } from '../../../schema/admin-api/system.ts';

export interface HealthServices {
  /** Whether the breaker before the Money API is open: the smallest thing to ask of the database. */
  readonly breakerIsOpen: () => Promise<boolean>;
  /** The database is taken for away when it has not answered by then. */
  readonly withinMs: number;
  readonly log: { healthDown(error: unknown): void };
}

/** Never throws. Why it is DOWN is for the log: whoever asks may be anybody. */
export async function checkHealth({ breakerIsOpen, withinMs, log }: HealthServices): Promise<Health> {
  try {
    const isOpen = await Promise.race([breakerIsOpen(), tooLate(withinMs)]);
    return {
      status: 'UP',
      components: { database: { status: 'UP' }, moneyBreaker: { status: isOpen ? 'OPEN' : 'CLOSED' } },
    };
  } catch (error) {
    log.healthDown(error);
    return {
      status: 'DOWN',
      components: { database: { status: 'DOWN' }, moneyBreaker: { status: 'UNKNOWN' } },
    };
  }
}

function tooLate(withinMs: number): Promise<never> {
  return new Promise((_resolve, reject) => {
    const signal = AbortSignal.timeout(withinMs);
    signal.addEventListener('abort', () =>
      reject(new Error(`the database did not answer within ${withinMs} ms`)),
    );
  });
}
