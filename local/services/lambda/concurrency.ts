/**
 * Lambda's concurrency limits: a function with reserved concurrency has exactly that, all others share what the
 * account has left.
 */

export interface ConcurrencyPool {
  /** Takes one place; false when none is free. */
  take(): boolean;
  release(): void;
}

/** What Lambda keeps from reservations, so that functions without one can run at all. */
const ALWAYS_UNRESERVED = 100;

/** Gives each function its pool. @throws Error when the reservations do not fit the account, as a deployment would. */
export function concurrencyPools(
  functions: readonly { readonly name: string; readonly reservedConcurrency: number | undefined }[],
  accountConcurrency: number,
): Map<string, ConcurrencyPool> {
  const reserved = functions.reduce((sum, { reservedConcurrency }) => sum + (reservedConcurrency ?? 0), 0);
  const left = accountConcurrency - reserved;
  if (left < ALWAYS_UNRESERVED) {
    throw new Error(
      `the functions reserve ${reserved} of the account's concurrency of ${accountConcurrency}: ` +
        `AWS keeps ${ALWAYS_UNRESERVED} unreserved`,
    );
  }
  const unreserved = pool(left);
  return new Map(
    functions.map(({ name, reservedConcurrency }) => [
      name,
      reservedConcurrency === undefined ? unreserved : pool(reservedConcurrency),
    ]),
  );
}

function pool(limit: number): ConcurrencyPool {
  let taken = 0;
  return {
    take: () => {
      if (taken >= limit) return false;
      taken += 1;
      return true;
    },
    release: () => {
      taken -= 1;
    },
  };
}
