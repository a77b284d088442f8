import { waitForTurnInput } from '../../schema/campaign-run.ts';
import { waitForTurnEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { waitForTurn } from './app/wait-for-turn.ts';
import { waitForTurnServices } from './container.ts';

const services = waitForTurnServices(parseEnvironment(waitForTurnEnvironment, process.env));

export const handler = handle(waitForTurnInput, ({ event, budget }) => waitForTurn(services, event, budget));
