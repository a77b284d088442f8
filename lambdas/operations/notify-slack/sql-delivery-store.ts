import * as z from 'zod';
import type { SqlExecutor } from '../../shared/data-api.ts';
import type { DeliveryStore } from './notify-slack.ts';

/** Longer than whoever made a claim lives: its time is up, or it has died. */
const CLAIM_HOLDS_MS = 30_000;

const claimRow = z.object({ claimedMs: z.int(), isDelivered: z.int().transform((is) => is === 1) });

export function sqlDeliveryStore(db: SqlExecutor, nowMs: () => number): DeliveryStore {
  return {
    async claim(alertKey, channel) {
      const now = nowMs();
      const inserted = await db.execute(
        `INSERT IGNORE INTO operations_alert_deliveries (alert_key, channel, claimed_ms)
         VALUES (:alertKey, :channel, :now)`,
        { alertKey, channel, now },
      );
      if (inserted > 0) return { kind: 'claimed', mayBeRepeated: false };
      const [earlier] = await db.query(
        claimRow,
        `SELECT claimed_ms AS claimedMs, delivered_at IS NOT NULL AS isDelivered
         FROM operations_alert_deliveries WHERE alert_key = :alertKey AND channel = :channel`,
        { alertKey, channel },
      );
      if (earlier === undefined) return { kind: 'taken' };
      if (earlier.isDelivered) return { kind: 'delivered' };
      if (earlier.claimedMs > now - CLAIM_HOLDS_MS) return { kind: 'taken' };
      const taken = await db.execute(
        `UPDATE operations_alert_deliveries SET claimed_ms = :now
         WHERE alert_key = :alertKey AND channel = :channel AND claimed_ms = :claimedMs AND delivered_at IS NULL`,
        { alertKey, channel, now, claimedMs: earlier.claimedMs },
      );
      return taken > 0 ? { kind: 'claimed', mayBeRepeated: true } : { kind: 'taken' };
    },

    async delivered(alertKey, channel) {
      await db.execute(
        `UPDATE operations_alert_deliveries SET delivered_at = FROM_UNIXTIME(:now / 1000)
         WHERE alert_key = :alertKey AND channel = :channel AND delivered_at IS NULL`,
        { alertKey, channel, now: nowMs() },
      );
    },

    async release(alertKey, channel) {
      await db.execute(
        `DELETE FROM operations_alert_deliveries
         WHERE alert_key = :alertKey AND channel = :channel AND delivered_at IS NULL`,
        { alertKey, channel },
      );
    },
  };
}
