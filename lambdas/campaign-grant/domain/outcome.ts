/** What a Money call came to, and what that means for its target: design.md "Consumer". */

/** The answer as the adapter saw it. A call that got no whole answer in time is `unanswered`. */
export type MoneyAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'unanswered'; readonly cause: 'TIMEOUT' | 'CONNECTION'; readonly detail: string };

export type GrantOutcome =
  /** Paid, now or by an earlier try with the same key. */
  | { readonly kind: 'granted'; readonly transactionKey: string }
  /** The Money API will never grant it: final, no retry. */
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string }
  /** Nothing can be concluded: ask again with the same key. */
  | { readonly kind: 'transient'; readonly code: string; readonly message: string }
  /** Our key is refused: no target's fault, the campaign stops. */
  | { readonly kind: 'unauthorized'; readonly code: string; readonly message: string };

export function classify(answer: MoneyAnswer): GrantOutcome {
  if (answer.kind === 'unanswered') {
    return { kind: 'transient', code: answer.cause, message: answer.detail };
  }
  const { status } = answer;
  if (status === 200) {
    const transactionKey = textField(answer.body, 'transactionKey', 100);
    // A 200 that breaks the contract may well have granted: ask again, the same key answers with the first result.
    return transactionKey === undefined
      ? { kind: 'transient', code: 'CONTRACT', message: '200 without a transactionKey' }
      : { kind: 'granted', transactionKey };
  }
  if (status === 401 || status === 403) {
    return { kind: 'unauthorized', code: `HTTP_${status}`, message: errorMessage(answer.body) };
  }
  if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
    const code = textField(answer.body, 'code', 60) ?? `HTTP_${status}`;
    return { kind: 'rejected', code, message: errorMessage(answer.body) };
  }
  return { kind: 'transient', code: `HTTP_${status}`, message: errorMessage(answer.body) };
}

/**
 * Whether the call says that the API is down, which is what the breaker counts. One that answers, be it with a
 * rejection, "too many requests" or nonsense, is not.
 */
export function isFailureOfTheApi(outcome: GrantOutcome): boolean {
  if (outcome.kind !== 'transient') return false;
  return outcome.code === 'TIMEOUT' || outcome.code === 'CONNECTION' || outcome.code.startsWith('HTTP_5');
}

function errorMessage(body: string): string {
  return textField(body, 'message', 300) ?? '';
}

/** A non-empty string field of a JSON object, cut to `max` characters; undefined when there is none. */
function textField(body: string, field: string, max: number): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !(field in parsed)) return undefined;
  const value: unknown = Reflect.get(parsed, field);
  return typeof value === 'string' && value !== '' ? value.slice(0, max) : undefined;
}
