import type { Deployment } from './deployment.ts';
import { readRuntimeFile } from './runtime-file.ts';

/** The runtime that npm run local keeps running in the folder. @throws Error of one line */
export async function localDeployment(folder: string): Promise<Deployment> {
  const { endpoints, region, outputs, moneyApi } = await readRuntimeFile(folder);
  return {
    kind: 'local',
    output: (_stack, name) => {
      const value = outputs[name];
      if (value === undefined) return Promise.reject(new Error(`the local runtime has no output ${name}`));
      return Promise.resolve(value);
    },
    findOutput: (_stack, name) => Promise.resolve(outputs[name]),
    clientSettings: (service) => ({
      endpoint: endpoints[service],
      region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    moneyApiUrl: moneyApi.url,
  };
}
