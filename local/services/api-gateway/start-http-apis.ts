import type { LocalModel } from '../../template/model.ts';
import { startHttpApi } from './server.ts';
import type { HttpApiOptions } from './server.ts';

export interface HttpApis {
  /** Base URLs by the APIs' ids. */
  readonly urls: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

export interface HttpApisOptions extends Pick<HttpApiOptions, 'invoke' | 'log'> {
  readonly model: Pick<LocalModel, 'account' | 'httpApis' | 'httpStages' | 'httpRoutes' | 'httpIntegrations'>;
  /** The others take the next ones; free ones when it is missing. */
  readonly firstPort?: number | undefined;
}

/**
 * Starts the HTTP APIs of the templates, each on a port of its own.
 * @throws Error in one line that names the API: it has no stage, or a port is in use. Nothing is left running then.
 */
export async function startHttpApis({ model, firstPort, invoke, log }: HttpApisOptions): Promise<HttpApis> {
  const started = new Map<string, Awaited<ReturnType<typeof startHttpApi>>>();
  const close = async () => {
    await Promise.all([...started.values()].map((api) => api.close()));
  };
  try {
    for (const [index, { id, name }] of model.httpApis.entries()) {
      if (!model.httpStages.some(({ apiId }) => apiId === id)) {
        throw new Error(`HTTP API ${name}: it has no stage, so nothing reaches it`);
      }
      const api = await startHttpApi({
        id,
        name,
        accountId: model.account,
        routes: model.httpRoutes.filter(({ apiId }) => apiId === id),
        integrations: model.httpIntegrations.filter(({ apiId }) => apiId === id),
        port: firstPort === undefined ? 0 : firstPort + index,
        invoke,
        log,
      });
      started.set(id, api);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { urls: new Map([...started].map(([id, { url }]) => [id, url])), close };
}
