/** What is a whole number but for the last bits of a division is that number. */
export function roundUp(value: number): number {
  return Math.ceil(Number(value.toFixed(6)));
}
