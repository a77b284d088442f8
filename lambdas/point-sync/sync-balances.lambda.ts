import { syncBalancesEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { syncBalances } from './app/sync-balances.ts';
import { balanceServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = await balanceServices(parseEnvironment(syncBalancesEnvironment, process.env));

export const handler = rangeHandler(STEPS.syncBalances, (input, budget) =>
  syncBalances(services, input, budget),
);
