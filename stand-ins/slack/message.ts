/** What an incoming webhook takes, and the words with which Slack refuses the rest. */
import { z } from 'zod';

const BLOCKS_LIMIT = 50;

const payload = z.looseObject({
  text: z.string().optional(),
  blocks: z.array(z.looseObject({ type: z.string() })).optional(),
  attachments: z.array(z.looseObject({})).optional(),
});

export type SlackPayload = z.infer<typeof payload>;

export type PayloadVerdict =
  | { readonly ok: true; readonly payload: SlackPayload }
  | { readonly ok: false; readonly error: 'invalid_payload' | 'invalid_blocks' | 'no_text' };

export function readPayload(body: string): PayloadVerdict {
  const parsed = payload.safeParse(parseJson(body));
  if (!parsed.success) {
    const isBlocks = parsed.error.issues[0]?.path[0] === 'blocks';
    return { ok: false, error: isBlocks ? 'invalid_blocks' : 'invalid_payload' };
  }
  const { text = '', blocks = [], attachments = [] } = parsed.data;
  if (blocks.length > BLOCKS_LIMIT) return { ok: false, error: 'invalid_blocks' };
  if (text.trim() === '' && blocks.length === 0 && attachments.length === 0)
    return { ok: false, error: 'no_text' };
  return { ok: true, payload: parsed.data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
