/** What is asked of Grantline itself, without a token: nothing that it says is anybody's secret. */
import * as z from 'zod';
import { components } from './components.ts';
import { nothing, operation } from './operation.ts';

const TAG = 'system';

/** The format of Prometheus, as prom-client writes it. */
export const PROMETHEUS_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const health = z
  .object({
    status: z.enum(['UP', 'DOWN']),
    components: z.object({
      database: z.object({ status: z.enum(['UP', 'DOWN']) }),
      moneyBreaker: z.object({
        status: z
          .enum(['CLOSED', 'OPEN', 'UNKNOWN'])
          .describe('OPEN: the Money API fails and nothing is sent. Grantline is UP all the same.'),
      }),
    }),
  })
  .register(components, { id: 'Health' });
export type Health = z.infer<typeof health>;

export const systemOperations = {
  document: operation({
    operationId: 'getDocument',
    method: 'get',
    path: '/api/v1/openapi.json',
    tag: TAG,
    summary: 'This document.',
    access: 'open',
    parameters: nothing,
    query: nothing,
    body: nothing,
    answers: {
      200: { description: 'OpenAPI 3.1.', schema: z.looseObject({ openapi: z.literal('3.1.0') }) },
    },
    problems: [],
  }),

  health: operation({
    operationId: 'getHealth',
    method: 'get',
    path: '/actuator/health',
    tag: TAG,
    summary: 'Whether Grantline can work: its database answers within two seconds.',
    access: 'open',
    parameters: nothing,
    query: nothing,
    body: nothing,
    answers: {
      200: { description: 'UP', schema: health },
      503: { description: 'DOWN', schema: health },
    },
    problems: [],
  }),

  prometheus: operation({
    operationId: 'getMetrics',
    method: 'get',
    path: '/actuator/prometheus',
    tag: TAG,
    summary: 'Gauges of each campaign that is not final and of the jobs, for Prometheus.',
    access: 'open',
    parameters: nothing,
    query: nothing,
    body: nothing,
    answers: {
      200: { description: 'The gauges.', schema: z.string(), mediaType: PROMETHEUS_MEDIA_TYPE },
    },
    problems: [],
  }),
} as const;
