const FORMAT = new Intl.NumberFormat('en-US');

/** 1234567 → '1,234,567'. */
export function grouped(count: number): string {
  return FORMAT.format(count);
}
