import { grantRewardsEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { batchResponse, fifoEvent, receivedMessages } from '../shared/sqs-event.ts';
import { grantRewards } from './app/grant-rewards.ts';
import { grantRewardsServices } from './container.ts';

const services = grantRewardsServices(parseEnvironment(grantRewardsEnvironment, process.env));

export const handler = handle(fifoEvent, async ({ event, budget }) =>
  batchResponse(await grantRewards(await services, receivedMessages(event), budget)),
);
