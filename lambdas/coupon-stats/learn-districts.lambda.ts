import { learnDistrictsEnvironment } from '../../schema/environment.ts';
import { parseEnvironment } from '../shared/environment.ts';
import { rangeHandler } from '../shared/jobs/range-handler.ts';
import { learnDistricts } from './app/learn-districts.ts';
import { learnDistrictsServices } from './container.ts';
import { STEPS } from './domain/steps.ts';

const services = learnDistrictsServices(parseEnvironment(learnDistrictsEnvironment, process.env));

export const handler = rangeHandler(STEPS.learnDistricts, (input, budget) =>
  learnDistricts(services, input, budget),
);
