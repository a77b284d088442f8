import type { AlertMessage } from '../../../schema/alert.ts';
import { isUrgent } from '../domain/alerts.ts';
import type { AlertStore, AlertTopic, Clock, PendingAlert } from '../ports.ts';

/** More at once than there ever are. */
const PAGE = 50;

export interface AlertServices {
  readonly alerts: AlertStore;
  readonly topic: AlertTopic;
  readonly clock: Clock;
  readonly deployment: { readonly stage: string; readonly region: string };
}

/**
 * Publishes what was raised and is not published yet. Whoever dies between the two publishes it again: those who read
 * it go by its key. Never throws: what cannot be told now is told by whoever looks next, every few seconds while a
 * campaign is paid and every minute otherwise.
 * @returns the keys of those that were published
 */
export async function tellAlerts(services: AlertServices): Promise<{ told: string[]; error?: unknown }> {
  const { alerts, topic, clock } = services;
  const told: string[] = [];
  try {
    await alerts.watchBreaker(clock.now());
    for (const alert of await alerts.unpublishedAlerts(PAGE)) {
      await topic.publish(await messageOf(services, alert));
      await alerts.markPublished(alert.key, clock.now());
      told.push(alert.key);
    }
    return { told };
  } catch (error) {
    return { told, error };
  }
}

async function messageOf({ alerts, deployment }: AlertServices, alert: PendingAlert): Promise<AlertMessage> {
  const { key, kind, promotionId, runNumber, raisedAtMs } = alert;
  const campaign =
    promotionId === null || runNumber === null ? undefined : await alerts.campaignOf(promotionId, runNumber);
  return {
    version: 1,
    alertKey: key,
    kind,
    isUrgent: isUrgent(kind),
    ...deployment,
    raisedAt: new Date(raisedAtMs).toISOString(),
    campaign: campaign ?? null,
  };
}
