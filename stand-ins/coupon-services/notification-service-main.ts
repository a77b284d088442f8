/** The notification service's stand-in as a child of the process that needs it. */
import { serveAsChild } from '../../local/process/child-service.ts';
import { startNotificationService } from './notification-service.ts';
import { notificationServiceOptions } from './options.ts';

serveAsChild((raw) => notificationServiceOptions.parse(raw), startNotificationService);
