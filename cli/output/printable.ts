/**
 * On one line, and without what a terminal would obey: reasons are the Money API's words, memos those of whoever stopped a
 * campaign.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
