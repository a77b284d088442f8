/** What a function's answer says of each message of its batch. */
import { z } from 'zod';

const eventResponse = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullable();

/**
 * The ids of the messages that failed, by the rules of "Implementing partial batch responses" in Lambda's guide: null,
 * {} and an empty or null list are a success of all; an answer of another shape, an empty or null identifier and one
 * that is not of the batch are a failure of all.
 */
export function failedMessages(payload: string, messageIds: readonly string[]): ReadonlySet<string> {
  const response = eventResponse.safeParse(JSON.parse(payload));
  const all = new Set(messageIds);
  if (!response.success) return all;
  const failed = new Set(response.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
  return [...failed].every((id) => all.has(id)) ? failed : all;
}
