import { isUrgentAlert } from '../../../schema/alert.ts';
import type { AlertTopic, Clock, JobAlertStore } from '../ports.ts';

/** More at once than there ever are. */
const PAGE = 50;

export interface AlertServices {
  readonly store: JobAlertStore;
  readonly topic: AlertTopic;
  readonly clock: Clock;
  /** Where we are, for whoever reads the alert. */
  readonly deployment: { readonly stage: string; readonly region: string };
  readonly alertLog: {
    alertPublished(key: string): void;
    alertsNotPublished(error: unknown): void;
  };
}

/**
 * Publishes what was raised and is not published yet; whoever dies in between publishes it again, under the same key.
 * Never throws: what cannot be told now is told when runs are next compared.
 */
export async function tellJobAlerts(services: AlertServices): Promise<void> {
  const { store, topic, clock, deployment, alertLog } = services;
  try {
    for (const { key, kind, raisedAtMs, job } of await store.untoldAlerts(PAGE)) {
      await topic.publish({
        version: 1,
        alertKey: key,
        kind,
        isUrgent: isUrgentAlert(kind),
        ...deployment,
        raisedAt: new Date(raisedAtMs).toISOString(),
        campaign: null,
        job,
      });
      alertLog.alertPublished(key);
      await store.markTold(key, clock.now());
    }
  } catch (error) {
    alertLog.alertsNotPublished(error);
  }
}
