/** The columns campaign_promotion_summary.stopped_memo and job_runs.error_message are VARCHAR(500). */
const MAX_CHARACTERS = 500;

/** What fits of it. By characters: half of one is no text that a database takes. */
export function memoOf(text: string): string {
  return Array.from(text).slice(0, MAX_CHARACTERS).join('');
}
