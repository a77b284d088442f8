import { fail, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export interface AlertFacts {
  readonly unpublished: number;
  /** Of the oldest of them; null: none. */
  readonly oldestUnpublishedSeconds: number | null;
  /** That a channel was to take, and did not. */
  readonly undelivered: number;
  readonly oldestUndeliveredSeconds: number | null;
}

/** They are published within seconds while a campaign is paid, and within a minute otherwise. */
const PUBLISHED_WITHIN_SECONDS = 180;
const DELIVERED_WITHIN_SECONDS = 180;

export function judgeAlerts(facts: AlertFacts): Finding {
  const part = 'alerts';
  const { unpublished, undelivered } = facts;
  if ((facts.oldestUnpublishedSeconds ?? 0) > PUBLISHED_WITHIN_SECONDS) {
    return fail(
      part,
      `${unpublished} not published, the oldest for ${facts.oldestUnpublishedSeconds ?? 0} s`,
      'look at the log of ReconcileCampaigns: the topic does not take them',
    );
  }
  if ((facts.oldestUndeliveredSeconds ?? 0) > DELIVERED_WITHIN_SECONDS) {
    return fail(
      part,
      `${undelivered} not delivered, the oldest for ${facts.oldestUndeliveredSeconds ?? 0} s`,
      'look at the log of NotifySlack, and whether Slack is up and the webhook right: they are tried again',
    );
  }
  if (unpublished + undelivered === 0) return ok(part, 'all told');
  return warn(
    part,
    `${unpublished} to be published, ${undelivered} to be delivered`,
    'wait a minute and look again',
  );
}
