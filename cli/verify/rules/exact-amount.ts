/** Money in hundredths, exact: a DECIMAL with two places as the database and the ledger write it. */
const AMOUNT = /^(-?)([0-9]{1,20})(?:\.([0-9]{1,2})0*)?$/;

/** '1000', '1000.5', '-0.10'; undefined for what is no amount with at most two places. */
export function toHundredths(decimal: string): bigint | undefined {
  const match = AMOUNT.exec(decimal);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  return BigInt(`${sign}${whole}${fraction.padEnd(2, '0')}`);
}

/** 123450n → '1234.50'. */
export function fromHundredths(hundredths: bigint): string {
  const digits = String(hundredths < 0n ? -hundredths : hundredths).padStart(3, '0');
  return `${hundredths < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
