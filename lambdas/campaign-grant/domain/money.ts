/** Exact comparison and sums of decimal strings ('12345.60'): money is never a floating-point number. */
const SCALE = 2;

/** @throws RangeError for what is not a decimal with at most two places. */
function toCents(decimal: string): bigint {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(decimal);
  const [, sign = '', whole = '', fraction = ''] = match ?? [];
  if (match === null || /[1-9]/.test(fraction.slice(SCALE))) {
    throw new RangeError(`'${decimal}' is not an amount with at most ${SCALE} decimal places`);
  }
  return BigInt(`${sign}${whole}${fraction.slice(0, SCALE).padEnd(SCALE, '0')}`);
}

export function exceeds(amount: string, limit: string): boolean {
  return toCents(amount) > toCents(limit);
}
