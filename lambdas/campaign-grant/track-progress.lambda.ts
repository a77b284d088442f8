import { trackProgressInput } from '../../schema/campaign-run.ts';
import { trackProgressEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { handle } from '../shared/handler.ts';
import { trackProgress } from './app/track-progress.ts';
import { trackProgressServices } from './container.ts';

const services = await trackProgressServices(parseEnvironment(trackProgressEnvironment, process.env));

export const handler = handle(trackProgressInput, ({ event, budget }) =>
  trackProgress(services, event, budget),
);
