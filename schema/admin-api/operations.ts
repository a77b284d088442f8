import { campaignOperations } from './campaigns.ts';
import { jobOperations } from './jobs.ts';
import type { Operation } from './operation.ts';
import { systemOperations } from './system.ts';

/** The whole HTTP API: what a pipeline adds is listed here, and served by a function of its own. */
export const OPERATIONS: readonly Operation[] = [
  ...Object.values(campaignOperations),
  ...Object.values(jobOperations),
  ...Object.values(systemOperations),
];
