import { setTimeout as sleep } from 'node:timers/promises';
import type { SlackMessage } from './slack-message.ts';

export const CHANNEL = 'slack';

export type Claim =
  /** `mayBeRepeated`: an earlier claim was followed by nothing. */
  | { readonly kind: 'claimed'; readonly mayBeRepeated: boolean }
  | { readonly kind: 'delivered' }
  /** Somebody is at it. */
  | { readonly kind: 'taken' };

export interface DeliveryStore {
  claim(alertKey: string, channel: string): Promise<Claim>;
  /** The channel has it. */
  delivered(alertKey: string, channel: string): Promise<void>;
  /** The channel certainly has it not. */
  release(alertKey: string, channel: string): Promise<void>;
}

/** `refused`: it certainly was not posted; `unknown`: nobody knows. */
export type Posted =
  { readonly outcome: 'posted' } | { readonly outcome: 'refused' | 'unknown'; readonly why: string };

/** `later`: the queue is to bring the message again. */
export type Notified = { readonly kind: 'delivered' } | { readonly kind: 'later'; readonly why: string };

export interface Slack {
  post(message: SlackMessage): Promise<Posted>;
}

interface Services {
  readonly deliveries: DeliveryStore;
  readonly slack: Slack;
  /** So long is waited for the record of what is told without one, too: a database that is away may keep us longer. */
  readonly recordPatienceMs: number;
}

/** What is to be told, once. */
export interface News {
  readonly key: string;
  /** @param mayBeRepeated it is not known whether Slack has it: whoever sent it died, or got no answer */
  readonly message: (mayBeRepeated: boolean) => SlackMessage;
  /** It is told though no record of it can be made: it may be of the database itself. */
  readonly isToldUnrecorded: boolean;
}

/**
 * Brings it to Slack once. A message that Slack refused, or that did not reach it, is tried again by the queue; of
 * one whose answer was lost nobody knows, so it is sent again and says so: a repeated alert is read, one that is lost
 * is not.
 */
export async function notifySlack(services: Services, news: News): Promise<Notified> {
  const { deliveries, slack } = services;
  const { key, message } = news;
  const claim = await claimOf(services, news);
  if (claim.kind === 'unrecorded') {
    const posted = await slack.post(message(false));
    return posted.outcome === 'posted' ? { kind: 'delivered' } : { kind: 'later', why: posted.why };
  }
  if (claim.kind === 'delivered') return { kind: 'delivered' };
  if (claim.kind === 'taken') return { kind: 'later', why: 'somebody else is at it' };
  const posted = await slack.post(message(claim.mayBeRepeated));
  if (posted.outcome === 'posted') {
    await deliveries.delivered(key, CHANNEL);
    return { kind: 'delivered' };
  }
  if (posted.outcome === 'refused') await deliveries.release(key, CHANNEL);
  return { kind: 'later', why: posted.why };
}

async function claimOf(
  { deliveries, recordPatienceMs }: Services,
  { key, isToldUnrecorded }: News,
): Promise<Claim | { readonly kind: 'unrecorded' }> {
  const claiming = deliveries.claim(key, CHANNEL);
  if (!isToldUnrecorded) return claiming;
  const unrecorded = { kind: 'unrecorded' } as const;
  const waited = new AbortController();
  const given = sleep(recordPatienceMs, unrecorded, { signal: waited.signal }).catch(() => unrecorded);
  const claim = await Promise.race([claiming.catch(() => unrecorded), given]);
  waited.abort();
  return claim;
}
