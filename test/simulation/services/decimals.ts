/** Sums of DECIMAL(10,2) texts, in whole hundredths: a simulated campaign is far below 2^53 of them. */
export function cents(decimal: string): number {
  return Math.round(Number(decimal) * 100);
}

export function addAmounts(decimals: readonly string[]): string {
  let sum = 0;
  for (const decimal of decimals) sum += cents(decimal);
  return (sum / 100).toFixed(2);
}

/** GREATEST(decimal, 0). */
export function positive(decimal: string): string {
  return decimal.startsWith('-') ? '0' : decimal;
}
