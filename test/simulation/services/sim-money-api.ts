/**
 * The Money API by its contract: a key is paid once, asked again it answers with the first result, with another body
 * it is refused; more than the ceiling in a second is refused. Its ledger is what invariants 1 and 3 are checked with.
 */
import type { GrantRequest } from '../../../lambdas/campaign-grant/domain/grant-request.ts';

export interface LedgerEntry {
  readonly key: string;
  readonly body: string;
  readonly amount: string;
  readonly transactionKey: string;
  /** Virtual seconds. */
  readonly at: number;
}

export interface MoneyReply {
  readonly status: number;
  readonly body: string;
}

export class SimMoneyApi {
  readonly ledger = new Map<string, LedgerEntry>();
  /** Keys that came with two bodies. */
  readonly conflicts: string[] = [];
  readonly #bodies = new Map<string, string>();
  readonly #ceiling: number;
  /** When the calls of the last second arrived, oldest first. */
  readonly #window: number[] = [];
  readonly #refuses: (key: string) => boolean;

  constructor(ceiling: number, refuses: (key: string) => boolean) {
    this.#ceiling = ceiling;
    this.#refuses = refuses;
  }

  /** @returns how many calls arrived in the second that ends now, this one included. */
  arrive(now: number): number {
    const window = this.#window;
    while (window[0] !== undefined && window[0] <= now - 1) window.shift();
    window.push(now);
    return window.length;
  }

  handle({ idempotencyKey: key, body, promotionType }: GrantRequest, now: number): MoneyReply {
    if (this.#window.length > this.#ceiling) return { status: 429, body: '{"code":"RATE_LIMITED"}' };
    const text = `${promotionType} ${JSON.stringify(body)}`;
    const first = this.#bodies.get(key);
    if (first !== undefined && first !== text) {
      this.conflicts.push(key);
      return { status: 409, body: '{"code":"IDEMPOTENCY_CONFLICT"}' };
    }
    this.#bodies.set(key, text);
    const paid = this.ledger.get(key);
    if (paid !== undefined) return granted(paid);
    if (this.#refuses(key)) return { status: 422, body: '{"code":"CUSTOMER_BLOCKED","message":"never"}' };
    const entry = {
      key,
      body: text,
      amount: String(body['amount']),
      transactionKey: `T${this.ledger.size + 1}`,
      at: now,
    };
    this.ledger.set(key, entry);
    return granted(entry);
  }
}

function granted({ transactionKey }: LedgerEntry): MoneyReply {
  return { status: 200, body: `{"transactionKey":"${transactionKey}"}` };
}
