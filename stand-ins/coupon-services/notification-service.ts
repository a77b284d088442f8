/** A stand-in of the notification service: notification-service.openapi.yaml to the letter. */
import { z } from 'zod';
import type { RunningService } from '../../local/process/child-service.ts';
import { drawsFor } from '../random.ts';
import { notificationServiceOptions } from './options.ts';
import type { NotificationServiceOptions } from './options.ts';
import { startService } from './server.ts';

const CONTRACT = new URL('notification-service.openapi.yaml', import.meta.url);
/** Of the members: who has no device, or opted out; who has two; the others have one. */
const WITHOUT_TOKENS = 0.1;
const WITH_TWO = 0.2;

/** It knows every member. */
export async function startNotificationService(options: NotificationServiceOptions): Promise<RunningService> {
  const common = notificationServiceOptions.parse(options);
  return startService(CONTRACT, common, {
    findFcmTokens: {
      list: 'members',
      asked: (body) => z.object({ memberIds: z.array(z.number()) }).parse(body).memberIds,
      entryOf: (memberId) => {
        const draw = drawsFor(common.seed, `member ${memberId}`, 0);
        const chance = draw();
        if (chance < WITHOUT_TOKENS) return undefined;
        const count = chance < WITHOUT_TOKENS + WITH_TWO ? 2 : 1;
        const suffix = Math.floor(draw() * 2 ** 32).toString(36);
        return {
          memberId,
          tokens: Array.from({ length: count }, (_, device) => `fcm-${memberId}-${device}:${suffix}`),
        };
      },
    },
  });
}
