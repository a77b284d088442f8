/**
 * A stand-in of the external Money API: the contract in money-api.openapi.yaml to the letter, with faults
 * on demand and a ledger that outlives its clients.
 */
import { fastify } from 'fastify';
import type { RunningService } from '../../local/process/child-service.ts';
import { refuse } from './answers.ts';
import { loadGrantRoutes } from './contract.ts';
import { addGrantRoutes } from './grant-routes.ts';
import type { MoneyApiState } from './grant-routes.ts';
import { Ledger } from './ledger.ts';
import { addObservationRoutes } from './observation-routes.ts';
import { moneyApiOptions } from './options.ts';
import type { MoneyApiOptions } from './options.ts';
import { Stats } from './stats.ts';

/** @throws Error with one clear line when an option, the ledger file or the port cannot be used. */
export async function startMoneyApi(options: MoneyApiOptions): Promise<RunningService> {
  const { port, apiKey, seed, ledgerFile, ...conditions } = moneyApiOptions.parse(options);
  const routes = await loadGrantRoutes();
  const ledger = await Ledger.open(ledgerFile);
  const state: MoneyApiState = { apiKey, seed, ledger, stats: new Stats(), conditions };

  const app = fastify({
    ajv: {
      customOptions: {
        // The contract says what is valid; fastify would else turn numbers into texts and drop unknown fields.
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        // An unquoted comma in the published YAML makes half of a description a keyword of its own;
        // JSON schema ignores keywords that it does not know, ajv only when told.
        strict: false,
      },
    },
    exposeHeadRoutes: false,
    forceCloseConnections: true,
  });
  app.register((scope, _options, done) => {
    addGrantRoutes(scope, state, routes);
    done();
  });
  app.register((scope, _options, done) => {
    addObservationRoutes(scope, state);
    done();
  });
  app.setNotFoundHandler((_request, reply) => {
    state.stats.arrived(performance.now());
    state.stats.answered(404);
    return refuse(reply, 'NOT_FOUND');
  });

  const close = async () => {
    await app.close();
    await ledger.close();
  };
  try {
    return { url: await app.listen({ host: '127.0.0.1', port }), close };
  } catch (error) {
    await close();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new Error(`port ${port} is in use`, { cause: error });
    }
    throw error;
  }
}
