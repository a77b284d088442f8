/** DATETIME columns: Asia/Seoul, whole seconds. */
const SEOUL_OFFSET_MS = 9 * 60 * 60 * 1000;

/** '2026-11-21 12:00:00' → epoch milliseconds. */
export function dateTimeMs(dateTime: string): number {
  return Date.parse(`${dateTime.replace(' ', 'T')}Z`) - SEOUL_OFFSET_MS;
}

/** What a DATETIME keeps of a time: MySQL rounds the fraction. */
export function wholeSecondMs(epochMs: number): number {
  return Math.round(epochMs / 1000) * 1000;
}

export function toWholeDateTime(epochMs: number): string {
  return new Date(wholeSecondMs(epochMs) + SEOUL_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}
