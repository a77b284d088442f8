import { grantMessage } from '../../../schema/grant-message.ts';
import type { GrantMessage } from '../../../schema/grant-message.ts';
import { grantIdOf } from '../domain/grant-request.ts';
import { malformed } from '../domain/grant-result.ts';
import type { DeadLetter } from '../domain/grant-result.ts';
import type { GrantId } from '../domain/idempotency.ts';
import type { ReceivedMessage } from '../ports.ts';

/** A message that could be read. */
export interface Work {
  readonly received: ReceivedMessage;
  readonly message: GrantMessage;
  readonly grant: GrantId;
}

/** A message that cannot be read harms nobody else in its batch: it is a dead letter at once. */
export function readGrantMessages(batch: readonly ReceivedMessage[]): {
  works: Work[];
  unreadable: DeadLetter[];
} {
  const works: Work[] = [];
  const unreadable: DeadLetter[] = [];
  for (const received of batch) {
    const read = readBody(received.body);
    if ('why' in read) unreadable.push(malformed(received.messageId, read.why, received.body));
    else works.push({ received, message: read.message, grant: grantIdOf(read.message) });
  }
  return { works, unreadable };
}

function readBody(body: string): { message: GrantMessage } | { why: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { why: 'the body is not JSON' };
  }
  const parsed = grantMessage.safeParse(json);
  if (parsed.success) return { message: parsed.data };
  const [issue] = parsed.error.issues;
  return { why: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a grant message'}` };
}
