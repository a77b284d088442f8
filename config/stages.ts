/**
 * Your stages: the defaults (config/default-stages.ts), and what is other for you. Every field is described in
 * lib/config.ts, lib/network-config.ts and lib/environment-config.ts, which also refuse what does not fit together.
 * `npm run synth -- --stage prod -c moneyTps=500` chooses a stage and overrides a field for one run.
 *
 * A stage with values of its own:
 *
 *   prod: {
 *     ...DEFAULT_STAGES.prod,
 *     environment: { account: '111122223333', region: 'ap-northeast-2' },
 *     network: { cidr: '10.20.0.0/20' },
 *     money: {
 *       apiUrl: 'https://money-api.example.com',
 *       tps: 1000,
 *       cidrs: ['10.30.0.0/24'],
 *       apiKeySecret: { name: 'payments/money-api-key' },
 *     },
 *     database: { ...DEFAULT_STAGES.prod.database, capacity: { min: 8, max: 64 } },
 *     tags: { owner: 'payments-platform', costCentre: '4711' },
 *   },
 */
import type { StageConfig, StageName } from '../lib/config.ts';
import { DEFAULT_STAGES } from './default-stages.ts';

export const STAGES: Record<StageName, StageConfig> = {
  dev: { ...DEFAULT_STAGES.dev },
  staging: { ...DEFAULT_STAGES.staging },
  prod: { ...DEFAULT_STAGES.prod },
};
