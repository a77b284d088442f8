/** What goes wrong with Slack, on demand. */
import { z } from 'zod';

export const slackFault = z.strictObject({
  /**
   * down: 503 to everything. hang: no answer, ever. lost-answer: the message is posted and the connection broken.
   * rate-limited: 429.
   */
  fault: z.enum(['none', 'down', 'hang', 'lost-answer', 'rate-limited']),
  /** So many requests meet it, and then none; without it, all do until the next change. */
  times: z.int().min(1).optional(),
});

export type SlackFault = z.infer<typeof slackFault>;

export class Faults {
  #current: SlackFault = { fault: 'none' };

  get current(): SlackFault {
    return this.#current;
  }

  set(fault: SlackFault): void {
    this.#current = fault;
  }

  /** The one that the next request meets. */
  take(): SlackFault['fault'] {
    const { fault, times } = this.#current;
    if (times !== undefined) this.#current = times === 1 ? { fault: 'none' } : { fault, times: times - 1 };
    return fault;
  }
}
