import type { Slack } from './notify-slack.ts';

const TIMEOUT_MS = 5_000;

/** With these no connection was made, so nothing was posted. */
const NEVER_REACHED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** An incoming webhook. https://api.slack.com/messaging/webhooks: 200 with the text ok, anything else was not posted. */
export function httpSlack(webhookUrl: string): Slack {
  return {
    async post(message) {
      try {
        const response = await fetch(webhookUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(message),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const said = (await response.text()).slice(0, 200);
        return response.ok
          ? { outcome: 'posted' }
          : { outcome: 'refused', why: `Slack answered ${response.status}: ${said}` };
      } catch (error) {
        const code = codeOf(error);
        const why = code ?? (error instanceof Error ? error.name : 'an unknown failure');
        return { outcome: code !== undefined && NEVER_REACHED.has(code) ? 'refused' : 'unknown', why };
      }
    },
  };
}

/** fetch wraps what the socket said. Its message may hold the webhook's URL, which is a secret. */
function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
}
