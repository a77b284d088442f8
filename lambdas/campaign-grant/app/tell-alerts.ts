import { isUrgentAlert } from '../../../schema/alert.ts';
import type { AlertCampaign, AlertMessage } from '../../../schema/alert.ts';
import type { RaisedAlert } from '../domain/alerts.ts';
import type { AlertStore, AlertTopic, Clock, GrantStore } from '../ports.ts';

/** More at once than there ever are. */
const PAGE = 50;

export interface AlertServices {
  readonly store: AlertStore & Pick<GrantStore, 'grantedAmount'>;
  readonly topic: AlertTopic;
  readonly clock: Clock;
  /** Where we are, for whoever reads the alert. */
  readonly deployment: { readonly stage: string; readonly region: string };
  readonly alertLog: AlertLog;
}

export interface AlertLog {
  alertPublished(key: string): void;
  alertsNotPublished(error: unknown): void;
}

/** What the caller has summed up of a campaign already. */
interface KnownSum {
  readonly promotionId: string;
  readonly grantedAmount: string;
}

/**
 * Publishes what was raised and is not published yet. Whoever dies between the two publishes it again: those who read
 * it go by its key. Never throws: what cannot be told now is told by whoever looks next, every few seconds while a
 * campaign is paid and every minute otherwise.
 */
export async function tellAlerts(services: AlertServices, known?: KnownSum): Promise<void> {
  const { store, topic, clock, alertLog } = services;
  try {
    for (const alert of await store.unpublishedAlerts(PAGE)) {
      await topic.publish(await messageOf(services, alert, known));
      alertLog.alertPublished(alert.key);
      await store.markTold(alert.key, clock.now());
    }
  } catch (error) {
    alertLog.alertsNotPublished(error);
  }
}

async function messageOf(
  services: AlertServices,
  alert: RaisedAlert,
  known: KnownSum | undefined,
): Promise<AlertMessage> {
  const { key, kind, raisedAtMs } = alert;
  return {
    version: 1,
    alertKey: key,
    kind,
    isUrgent: isUrgentAlert(kind),
    ...services.deployment,
    raisedAt: new Date(raisedAtMs).toISOString(),
    campaign: await campaignOf(services, alert, known),
    job: null,
  };
}

async function campaignOf(
  { store }: AlertServices,
  { kind, promotionId, runNumber }: RaisedAlert,
  known: KnownSum | undefined,
): Promise<AlertCampaign | null> {
  if (promotionId === null || runNumber === null) return null;
  const campaign = await store.alertCampaign({ promotionId, runNumber });
  if (campaign === undefined) return null;
  if (kind !== 'CAMPAIGN_COMPLETED') return { ...campaign, grantedAmount: null };
  if (known?.promotionId === promotionId) return { ...campaign, grantedAmount: known.grantedAmount };
  // An alert is not kept back because its sum cannot be had.
  return { ...campaign, grantedAmount: await store.grantedAmount(campaign).catch(() => null) };
}
