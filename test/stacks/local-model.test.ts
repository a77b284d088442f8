/** What a deployment would get, as the local runtime reads it. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';
import { requireAccess } from '../../local/iam/require-access.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { resolveAssembly } from '../../local/template/resolve.ts';
import { makeConfig, unbundledApp } from './synthesised.ts';

const ENDPOINTS = {
  sqsUrl: 'http://127.0.0.1:9324',
  httpApiUrls: new Map<string, string>(),
  database: { host: '127.0.0.1', port: 3307 },
  cache: { host: '127.0.0.1', port: 6380 },
};

describe.each(['dev', 'staging', 'prod'] as const)('the application of %s', (stage) => {
  it('is understood whole, every mapping and trigger finds its queue and its function, and no role lacks what AWS does by it', async () => {
    const app = unbundledApp();
    grantlineStacks(app, makeConfig({ stage }));
    const assemblyDirectory = app.synth().directory;
    const assembly = await readAssembly(assemblyDirectory);

    const model = resolveAssembly(assembly, ENDPOINTS);

    const functions = model.functions.map(({ name }) => name);
    const queues = model.queues.map(({ arn }) => arn);
    expect(functions.length).toBeGreaterThan(0);
    for (const { functionName, queueArn } of model.eventSourceMappings) {
      expect(functions).toContain(functionName);
      expect(queues).toContain(queueArn);
    }
    for (const { functionName } of model.triggers) expect(functions).toContain(functionName);
    const { roles } = requireAccess(model, join(assemblyDirectory, 'calls-of-roles.jsonl'));
    expect(roles.length).toBeGreaterThanOrEqual(functions.length);
  }, 120_000);
});
