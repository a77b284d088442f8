import { trackProgressInput } from '../../schema/campaign-run.ts';
import { trackProgressEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { trackProgress } from './app/track-progress.ts';
import { trackProgressServices } from './container.ts';

const services = trackProgressServices(parseEnvironment(trackProgressEnvironment, process.env));

export const handler = handle(trackProgressInput, async ({ event, budget }) =>
  trackProgress(await services, event, budget),
);
