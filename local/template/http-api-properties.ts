/** As properties.ts, of API Gateway's HTTP APIs. */
import { z } from 'zod';
import { count, flag } from './properties.ts';
import type { RunType } from './properties.ts';

export const httpApi = {
  schema: z.object({
    Name: z.string(),
    ProtocolType: z.literal('HTTP', 'only HTTP APIs are served here'),
  }),
  passedOver: ['Description', 'IpAddressType', 'Tags'],
} satisfies RunType;

export const httpStage = {
  schema: z.object({
    ApiId: z.string(),
    // Another stage's name would be the first part of every path.
    StageName: z.literal('$default', 'only the stage $default is served here'),
    AutoDeploy: flag
      .default(false)
      .refine((on) => on, 'deployments of their own are not built: set AutoDeploy'),
  }),
  passedOver: ['AccessLogSettings', 'DefaultRouteSettings', 'Description', 'RouteSettings', 'Tags'],
} satisfies RunType;

const METHOD = '(?:ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT)';
const SEGMENT = '/(?:[^/{}]+|\\{[\\w.-]+\\})';
/** Only the last may be a greedy variable. */
const LAST_SEGMENT = '/(?:[^/{}]+|\\{[\\w.-]+\\+?\\})';
/** `GET /campaigns/{id}`, `ANY /files/{path+}`, `$default`. */
const ROUTE_KEY = new RegExp(`^(?:\\$default|${METHOD} (?:/|(?:${SEGMENT})*${LAST_SEGMENT}))$`);

export const httpRoute = {
  schema: z.object({
    ApiId: z.string(),
    RouteKey: z.string().regex(ROUTE_KEY, 'is no route key that is known here'),
    Target: z.string().regex(/^integrations\/./, 'is no integration'),
    AuthorizationType: z
      .literal('NONE', 'authorizers are not built: the function checks its caller')
      .optional(),
  }),
  passedOver: ['OperationName'],
} satisfies RunType;

export const httpIntegration = {
  schema: z.object({
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY', 'only functions are integrations here'),
    IntegrationUri: z
      .string()
      .regex(/^arn:[^:]+:lambda:[^:]*:\d+:function:/, 'only functions are integrations here'),
    PayloadFormatVersion: z.literal('2.0', 'only format 2.0 is built'),
    TimeoutInMillis: count.min(50).max(30_000).default(30_000),
  }),
  passedOver: ['ConnectionType', 'Description', 'IntegrationMethod'],
} satisfies RunType;
