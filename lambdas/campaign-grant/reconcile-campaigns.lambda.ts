import * as z from 'zod';
import { reconcileReservationsEnvironment } from '../../schema/environment.ts';
import { LOG_EVENTS } from '../../schema/log-events.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle, logger } from '../shared/handler.ts';
import { reconcileReservations } from './app/reconcile-reservations.ts';
import { reconcileReservationsServices } from './container.ts';

const services = reconcileReservationsServices(
  parseEnvironment(reconcileReservationsEnvironment, process.env),
);

export const handler = handle(z.unknown(), async () => {
  const output = await reconcileReservations(services);
  logger.info('reconciled reservations', { event: LOG_EVENTS.reservationsReconciled, ...output });
  return output;
});
