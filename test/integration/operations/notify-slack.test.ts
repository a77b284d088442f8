/** An alert on its way to Slack: deaths, outages and repetitions, on the real claims. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { notifySlack } from '../../../lambdas/operations/notify-slack/notify-slack.ts';
import type { DeliveryStore, Posted, Slack } from '../../../lambdas/operations/notify-slack/notify-slack.ts';
import { slackMessage } from '../../../lambdas/operations/notify-slack/slack-message.ts';
import type { SlackMessage } from '../../../lambdas/operations/notify-slack/slack-message.ts';
import { sqlDeliveryStore } from '../../../lambdas/operations/notify-slack/sql-delivery-store.ts';
import type { AlertMessage } from '../../../schema/alert.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';

const ALERT: AlertMessage = {
  version: 1,
  alertKey: 'breaker-opened-1',
  kind: 'BREAKER_OPENED',
  isUrgent: true,
  stage: 'test',
  region: 'ap-northeast-2',
  raisedAt: '2026-11-21T03:00:00.000Z',
  campaign: null,
  job: null,
};
/** As the queue brings a message again. */
const AGAIN_AFTER_MS = 120_000;

class ScriptedSlack implements Slack {
  readonly messages: SlackMessage[] = [];
  answer: (call: number) => Posted = () => ({ outcome: 'posted' });
  #calls = 0;

  post(message: SlackMessage): Promise<Posted> {
    const posted = this.answer(this.#calls);
    this.#calls += 1;
    // Of an unknown one nobody knows: here Slack has it.
    if (posted.outcome !== 'refused') this.messages.push(message);
    return Promise.resolve(posted);
  }
}

let database: CampaignDatabase;
let nowMs = Date.UTC(2026, 10, 21);
let deliveries: DeliveryStore;
let slack: ScriptedSlack;

beforeAll(async () => {
  database = await startCampaignDatabase();
  deliveries = sqlDeliveryStore(database.db, () => nowMs);
});
beforeEach(async () => {
  await database.sql.query('DELETE FROM operations_alert_deliveries');
  slack = new ScriptedSlack();
});
afterAll(() => database.close());

const REFUSING: Omit<DeliveryStore, 'claim'> = {
  delivered: () => Promise.reject(new Error('nothing was claimed')),
  release: () => Promise.reject(new Error('nothing was claimed')),
};

const notify = (alert = ALERT, store = deliveries, isToldUnrecorded = false) =>
  notifySlack(
    { deliveries: store, slack, recordPatienceMs: 50 },
    {
      key: alert.alertKey,
      message: (mayBeRepeated) => slackMessage(alert, { language: 'en', mayBeRepeated }),
      isToldUnrecorded,
    },
  );

/** The queue brings it until it is done with. @returns how often */
async function bringUntilDelivered(most: number): Promise<number> {
  for (let times = 1; times <= most; times += 1) {
    if ((await notify()).kind === 'delivered') return times;
    nowMs += AGAIN_AFTER_MS;
  }
  throw new Error(`not delivered after ${most} times`);
}

describe('an alert', () => {
  it('is posted once, however often it comes', async () => {
    for (let times = 0; times < 5; times += 1) expect(await notify()).toEqual({ kind: 'delivered' });
    expect(slack.messages).toHaveLength(1);
  });

  it('is posted once when ten have it at the same moment', async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => notify()));

    expect(slack.messages).toHaveLength(1);
    expect(outcomes.some(({ kind }) => kind === 'delivered')).toBe(true);
  });

  it('outlasts an hour without Slack, and is then posted once', async () => {
    const outage = 3_600_000 / AGAIN_AFTER_MS;
    slack.answer = (call) =>
      call < outage ? { outcome: 'refused', why: 'Slack answered 503: ' } : { outcome: 'posted' };

    expect(await bringUntilDelivered(100)).toBe(outage + 1);
    expect(slack.messages).toHaveLength(1);
    expect(JSON.stringify(slack.messages)).not.toContain('This may have been sent before');
    expect(await notify()).toEqual({ kind: 'delivered' });
    expect(slack.messages).toHaveLength(1);
  });

  it('whose answer was lost is posted again, and says so: nobody knows whether it was read', async () => {
    slack.answer = (call) =>
      call === 0 ? { outcome: 'unknown', why: 'TimeoutError' } : { outcome: 'posted' };

    expect(await notify()).toEqual({ kind: 'later', why: 'TimeoutError' });
    expect(await notify()).toEqual({ kind: 'later', why: 'somebody else is at it' });
    nowMs += AGAIN_AFTER_MS;
    expect(await notify()).toEqual({ kind: 'delivered' });

    expect(slack.messages.map((message) => JSON.stringify(message).includes('sent before'))).toEqual([
      false,
      true,
    ]);
  });

  it.each(['claim', 'delivered', 'release'] as const)(
    'is never lost when whoever brings it dies at its %s',
    async (dies) => {
      slack.answer = (call) =>
        call === 0 && dies === 'release' ? { outcome: 'refused', why: '503' } : { outcome: 'posted' };
      const mortal: DeliveryStore = {
        ...deliveries,
        [dies]: async (alertKey: string, channel: string) => {
          await (dies === 'claim' ? deliveries.claim(alertKey, channel) : Promise.resolve());
          throw new Error('died');
        },
      };
      await expect(notify(ALERT, mortal)).rejects.toThrow('died');
      nowMs += AGAIN_AFTER_MS;

      expect(await notify()).toEqual({ kind: 'delivered' });
      // Only after a post whose record was lost are there two, and the second says so.
      expect(slack.messages).toHaveLength(dies === 'delivered' ? 2 : 1);
      expect(JSON.stringify(slack.messages.at(-1))).toContain('sent before');
    },
  );

  it('is another than the next', async () => {
    await notify();
    await notify({ ...ALERT, alertKey: 'breaker-opened-2' });
    expect(slack.messages).toHaveLength(2);
  });
});

describe('what may be of the database itself', () => {
  const away: DeliveryStore = {
    ...REFUSING,
    claim: () => Promise.reject(new Error('the database is away')),
  };
  const silent: DeliveryStore = { ...REFUSING, claim: () => new Promise(() => undefined) };

  it.each([
    ['is away', away],
    ['does not answer', silent],
  ])('is told while it %s', async (_name, store) => {
    expect(await notify(ALERT, store, true)).toEqual({ kind: 'delivered' });
    expect(slack.messages).toHaveLength(1);
  });

  it('comes again when Slack does not take it either', async () => {
    slack.answer = () => ({ outcome: 'refused', why: '503' });
    expect(await notify(ALERT, away, true)).toEqual({ kind: 'later', why: '503' });
  });

  it('is told once while it answers', async () => {
    await notify(ALERT, deliveries, true);
    await notify(ALERT, deliveries, true);
    expect(slack.messages).toHaveLength(1);
  });

  it('is no alert: that waits for its record', async () => {
    await expect(notify(ALERT, away)).rejects.toThrow('the database is away');
    expect(slack.messages).toHaveLength(0);
  });
});
