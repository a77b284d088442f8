import { fail, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export interface QueueFacts {
  readonly waiting: number;
  readonly underWay: number;
  /** Of the oldest message; null: the local runtime does not say, or there is none. */
  readonly oldestSeconds: number | null;
}

/** The queue keeps a message for 14 days; what is then gone is published again, since the rows say so. */
const OLD_SECONDS = 24 * 60 * 60;
const ABOUT_TO_GO_SECONDS = 10 * 24 * 60 * 60;

/** @param isPaid whether a campaign is being paid */
export function judgeGrantQueue(queue: QueueFacts, isPaid: boolean): Finding {
  const part = 'queue';
  const { oldestSeconds } = queue;
  const says = sayQueue(queue);
  if (oldestSeconds !== null && oldestSeconds > ABOUT_TO_GO_SECONDS) {
    return fail(part, says, 'messages are kept for 14 days: find out why the oldest is not paid');
  }
  if (oldestSeconds !== null && oldestSeconds > OLD_SECONDS) {
    return warn(part, says, 'see breaker; if it is closed, look at the log of GrantRewards');
  }
  if (!isPaid && queue.waiting + queue.underWay > 0) {
    return warn(
      part,
      `${says}, and no campaign is being paid`,
      'of a campaign that was stopped: they go as they come, without a call; if they stay, look at the log of GrantRewards',
    );
  }
  return ok(part, says);
}

export function judgeDeadLetterQueue(queue: QueueFacts): Finding {
  const part = 'dead-letter queue';
  if (queue.waiting + queue.underWay === 0) return ok(part, sayQueue(queue));
  return warn(
    part,
    sayQueue(queue),
    'they are recorded within a minute; if they stay, look at the log of CollectDeadLetters',
  );
}

function sayQueue({ waiting, underWay, oldestSeconds }: QueueFacts): string {
  const age = oldestSeconds === null ? '' : `, the oldest ${Math.round(oldestSeconds)} s old`;
  return `${waiting} waiting, ${underWay} under way${age}`;
}
