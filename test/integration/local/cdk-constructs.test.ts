/** What CDK's own constructs write: the templates of the other tests are ours. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Alarm, CompositeAlarm, AlarmRule, AlarmState, Dashboard, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { QueryDefinition, QueryString } from 'aws-cdk-lib/aws-logs';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAssembly } from '../../../local/template/assembly.ts';
import type { Assembly } from '../../../local/template/assembly.ts';
import { resolveAssembly } from '../../../local/template/resolve.ts';

let directory = '';
let assembly: Assembly;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'constructs-'));
  const code = join(directory, 'code');
  await mkdir(code);
  await writeFile(join(code, 'index.mjs'), 'export const handler = async () => ({});');
  const app = new App({ outdir: join(directory, 'cdk.out'), analyticsReporting: false });
  const stack = new Stack(app, 'Operators');
  const work = new LambdaFunction(stack, 'Work', {
    code: Code.fromAsset(code),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
  });

  const api = new HttpApi(stack, 'Api', { apiName: 'admin', description: 'the operators’ API' });
  const integration = new HttpLambdaIntegration('Work', work, { timeout: Duration.seconds(10) });
  api.addRoutes({ path: '/{proxy+}', methods: [HttpMethod.ANY], integration });
  new CfnOutput(stack, 'AdminApiUrl', { value: api.apiEndpoint });
  new CfnOutput(stack, 'UrlOnAws', { value: api.url ?? '' });

  const topic = new Topic(stack, 'Alerts', { enforceSSL: true });
  const dead = new Queue(stack, 'Dead');
  const queue = new Queue(stack, 'Slack', { enforceSSL: true });
  topic.addSubscription(
    new SqsSubscription(queue, {
      rawMessageDelivery: true,
      deadLetterQueue: dead,
      filterPolicy: {
        routingKey: SubscriptionFilter.stringFilter({ allowlist: ['a'], matchPrefixes: ['b.'] }),
        size: SubscriptionFilter.numericFilter({ between: { start: 1, stop: 9 } }),
        test: SubscriptionFilter.notExistsFilter(),
      },
    }),
  );

  const metric = new Metric({ namespace: 'Test', metricName: 'Late' });
  const alarm = new Alarm(stack, 'Late', { metric, threshold: 1, evaluationPeriods: 1 });
  alarm.addAlarmAction(new SnsAction(topic));
  const alarmRule = AlarmRule.fromAlarm(alarm, AlarmState.ALARM);
  const any = new CompositeAlarm(stack, 'Any', { alarmRule });
  new CfnOutput(stack, 'AnyArn', { value: any.alarmArn });
  new Dashboard(stack, 'Board');
  new QueryDefinition(stack, 'Query', {
    queryDefinitionName: 'all',
    queryString: new QueryString({ fields: ['@message'] }),
  });
  app.synth();
  assembly = await readAssembly(join(directory, 'cdk.out'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const resolve = (httpApiUrls: ReadonlyMap<string, string>) =>
  resolveAssembly(assembly, {
    sqsUrl: 'http://127.0.0.1:9324',
    httpApiUrls,
    database: { host: '127.0.0.1', port: 3307 },
    cache: { host: '127.0.0.1', port: 6380 },
  });

it('is understood, and apiEndpoint is where the API listens; its url, which is an address on AWS, is no output', () => {
  const id = resolve(new Map()).httpApis[0]?.id ?? '';

  const { httpApis, httpRoutes, httpIntegrations, outputs } = resolve(new Map([[id, 'http://127.0.0.1:1']]));

  expect(httpApis.map(({ name }) => name)).toEqual(['admin']);
  expect(httpRoutes.map(({ routeKey }) => routeKey)).toEqual(['ANY /{proxy+}']);
  expect(httpIntegrations.map(({ timeoutMilliseconds }) => timeoutMilliseconds)).toEqual([10_000]);
  expect(outputs).toContainEqual({ stack: 'Operators', name: 'AdminApiUrl', value: 'http://127.0.0.1:1' });
  expect(outputs.map(({ name }) => name)).not.toContain('UrlOnAws');
});

it('gives a topic’s queue its filter', () => {
  const { queues, topics, subscriptions } = resolve(new Map());

  expect(subscriptions).toMatchObject([
    {
      topicArn: topics[0]?.arn,
      queueArn: queues.find(({ logicalId }) => logicalId.startsWith('Slack'))?.arn,
      rawMessageDelivery: true,
      filterPolicy: {
        routingKey: ['a', { prefix: 'b.' }],
        size: [{ numeric: ['>=', 1, '<=', 9] }],
        test: [{ exists: false }],
      },
    },
  ]);
});
