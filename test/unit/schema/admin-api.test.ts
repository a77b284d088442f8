/** The OpenAPI document and the apps are of one piece: what is described is served, and nothing else is. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { campaignRoutes } from '../../../lambdas/campaign-grant/admin-api/campaign-routes.ts';
import { sqlCampaignStore } from '../../../lambdas/campaign-grant/adapters/sql-campaign-store.ts';
import { sqlOperatorStore } from '../../../lambdas/campaign-grant/adapters/sql-operator-store.ts';
import { sqlJobRunReader } from '../../../lambdas/jobs/adapters/sql-job-run-reader.ts';
import { sqlJobRunStore } from '../../../lambdas/jobs/adapters/sql-job-run-store.ts';
import { jobRoutes } from '../../../lambdas/jobs/admin-api/job-routes.ts';
import { systemRoutes } from '../../../lambdas/operations/admin-api/system-routes.ts';
import { systemClock } from '../../../lambdas/shared/clock.ts';
import { DataApi } from '../../../lambdas/shared/data-api.ts';
import { httpApp } from '../../../lambdas/shared/http/app.ts';
import { openApiDocument } from '../../../schema/admin-api/document.ts';
import { OPERATIONS } from '../../../schema/admin-api/operations.ts';
import { PROBLEMS } from '../../../schema/admin-api/problem.ts';
import { FakeCampaignRuns, FakeRedriveRuns } from '../../support/fakes.ts';
import { FakeHttpLog } from '../../support/http-api.ts';

const pathItem = z.record(
  z.string(),
  z.looseObject({
    operationId: z.string(),
    security: z.array(z.record(z.string(), z.array(z.string()))),
    parameters: z.array(z.looseObject({ name: z.string(), in: z.string(), required: z.boolean() })),
    responses: z.record(z.string(), z.looseObject({ description: z.string().min(1) })),
    requestBody: z.looseObject({ required: z.boolean() }).optional(),
  }),
);
const documentShape = z.looseObject({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), pathItem),
  components: z.object({ schemas: z.record(z.string(), z.looseObject({})), securitySchemes: z.unknown() }),
});
const document = documentShape.parse(JSON.parse(JSON.stringify(openApiDocument(OPERATIONS))));
const described = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({ method, path, ...operation })),
);

/** What the three functions serve. */
function makeApps() {
  const db = new DataApi({ resourceArn: 'arn:cluster', secretArn: 'arn:secret', database: 'grantline' });
  const options = {
    authenticate: () => Promise.reject(new Error('nobody')),
    log: new FakeHttpLog(),
    monotonic: () => 0,
  };
  const campaigns = campaignRoutes({
    store: sqlCampaignStore(db),
    operator: sqlOperatorStore(db),
    runs: new FakeCampaignRuns(),
    redrives: new FakeRedriveRuns(),
    clock: systemClock,
    log: { asked: () => undefined },
  });
  const system = systemRoutes({
    breakerIsOpen: () => Promise.resolve(false),
    withinMs: 1_000,
    log: { healthDown: () => undefined },
    figures: () => Promise.resolve({ breakerIsOpen: false, unpublishedAlerts: 0, campaigns: [], jobs: [] }),
  });
  const jobs = jobRoutes({
    store: sqlJobRunStore(db),
    reader: sqlJobRunReader(db),
    executions: { describe: () => Promise.resolve({ status: 'GONE' }) },
    machines: { has: () => false, start: () => Promise.reject(new Error('nothing is deployed')) },
    clock: systemClock,
    log: { asked: () => undefined },
  });
  return [httpApp(campaigns, options), httpApp(jobs, options), httpApp(system, options)];
}

describe('the document', () => {
  it('describes every route of the apps, and the apps serve everything that it describes', () => {
    const served = makeApps().flatMap((app) =>
      app.routes
        .filter(({ method }) => method !== 'ALL')
        .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`),
    );

    expect(served.sort()).toEqual(
      described.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort(),
    );
  });

  it('names each operation once', () => {
    const names = described.map(({ operationId }) => operationId);

    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(OPERATIONS.length);
  });

  it('asks for a token for everything but what is open', () => {
    const open = described.filter(({ security }) => security.length === 0);

    expect(open.map(({ path }) => path).sort()).toEqual([
      '/actuator/health',
      '/actuator/prometheus',
      '/api/v1/openapi.json',
    ]);
    for (const { security, responses } of described) {
      const isOpen = security.length === 0;
      expect('401' in responses && '403' in responses).toBe(!isOpen);
    }
  });

  it('says the parameters of each path, all of them required', () => {
    for (const { path, parameters } of described) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      expect(inPath.every(({ required }) => required)).toBe(true);
    }
  });

  it('asks for no query, and for a body only where there is something to say', () => {
    const needsBody = described.filter(({ requestBody }) => requestBody?.required === true);

    expect(
      described.flatMap(({ parameters }) =>
        parameters.filter(({ required, in: place }) => required && place === 'query'),
      ),
    ).toEqual([]);
    expect(needsBody.map(({ operationId }) => operationId)).toEqual(['stopCampaign']);
  });

  it('refers only to what it has', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref);

    expect(refs.length).toBeGreaterThan(0);
    for (const ref of refs) {
      expect(Object.keys(document.components.schemas)).toContain(ref.replace('#/components/schemas/', ''));
    }
  });

  it('has schemas that are JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: true, validateFormats: false, allowUnionTypes: true });

    for (const schema of Object.values(document.components.schemas))
      expect(ajv.validateSchema(schema)).toBe(true);
  });
});

it('each kind of problem has a status of its class', () => {
  for (const { status } of Object.values(PROBLEMS)) expect([4, 5]).toContain(Math.floor(status / 100));
});
