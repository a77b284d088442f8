/**
 * CloudWatch, as far as metrics are put: AWS JSON 1.0, which is what the SDK speaks. The last of each metric is kept and
 * shown as JSON at /metrics-seen.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import Fastify from 'fastify';
import { z } from 'zod';
import { sendAccessDenied } from '../../iam/access-denied.ts';
import { ALLOW_ALL, AccessDenied } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import type { RunningService } from '../../process/child-service.ts';
import { CloudWatchError } from './errors.ts';
import { readMetricData } from './metric-data.ts';
import type { Metric } from './metric-data.ts';

export interface CloudWatch extends RunningService {
  /** The last that was put of each metric: of each namespace, name and set of dimensions. */
  metricsSeen(): Metric[];
}

export interface CloudWatchOptions {
  /** 0, or none, takes a free port. */
  readonly port?: number;
  readonly authorizer?: Authorizer;
}

/** Of a request as it is sent, compressed or not. */
const REQUEST_LIMIT = 1024 * 1024;
const UNPACKED_LIMIT = 64 * REQUEST_LIMIT;
const TARGET = 'GraniteServiceVersion20100801.PutMetricData';

/** Starts on 127.0.0.1. */
export async function startCloudWatch(options: CloudWatchOptions = {}): Promise<CloudWatch> {
  const { authorizer = ALLOW_ALL } = options;
  const seen = new Map<string, Metric>();
  const metricsSeen = () => [...seen.values()];

  const app = Fastify({ bodyLimit: REQUEST_LIMIT });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((thrown, _request, reply) => {
    if (thrown instanceof AccessDenied) return sendAccessDenied(reply, thrown);
    const error = asCloudWatchError(thrown);
    return reply
      .code(error.statusCode)
      .header('x-amzn-query-error', error.queryError)
      .type('application/x-amz-json-1.0')
      .send(JSON.stringify({ __type: `com.amazonaws.cloudwatch#${error.name}`, message: error.message }));
  });
  app.post('/*', async (request, reply) => {
    if (request.headers['x-amz-target'] !== TARGET) {
      const message = 'the local CloudWatch takes PutMetricData in AWS JSON only';
      throw new CloudWatchError('UnknownOperationException', message);
    }
    const body = await unpacked(
      z.instanceof(Buffer).parse(request.body),
      request.headers['content-encoding'],
    );
    const metrics = readMetricData(body, new Date());
    for (const namespace of new Set(metrics.map((metric) => metric.namespace))) {
      const context = { 'cloudwatch:namespace': namespace };
      authorizer.request(request.headers, { action: 'cloudwatch:PutMetricData', resource: '*', context });
    }
    for (const metric of metrics) {
      const { namespace, name, dimensions } = metric;
      const ordered = Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
      seen.set(JSON.stringify([namespace, name, ordered]), metric);
    }
    return reply.type('application/x-amz-json-1.0').send('{}');
  });
  app.get('/metrics-seen', () => metricsSeen());

  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return { url, metricsSeen, close: () => app.close() };
}

/** The SDK compresses from 10 KiB on. */
async function unpacked(body: Buffer, encoding: string | undefined): Promise<unknown> {
  try {
    const json =
      encoding === 'gzip' ? await promisify(gunzip)(body, { maxOutputLength: UNPACKED_LIMIT }) : body;
    return JSON.parse(json.toString());
  } catch (error) {
    throw new CloudWatchError(
      'SerializationException',
      error instanceof Error ? error.message : String(error),
    );
  }
}

function asCloudWatchError(error: unknown): CloudWatchError {
  if (error instanceof CloudWatchError) return error;
  const isTooLarge = error instanceof Error && 'statusCode' in error && error.statusCode === 413;
  if (isTooLarge) {
    const message = `Request size exceeds the limit of ${REQUEST_LIMIT} bytes.`;
    return new CloudWatchError('RequestEntityTooLargeException', message, 413);
  }
  return new CloudWatchError(
    'SerializationException',
    error instanceof Error ? error.message : String(error),
  );
}
