/** What coupon stats is made of beside its functions, which jobs-stacks.test.ts looks at. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { PlannedPushes } from '../../lambdas/coupon-stats/app/plan-pushes.ts';
import type { PlannedUsage } from '../../lambdas/coupon-stats/app/plan-usage.ts';
import { ROUTING_KEY } from '../../schema/coupon-push-message.ts';
import { rangeInput, stepInput } from '../../schema/jobs.ts';
import { SERVICE_REFUSED } from '../../schema/errors.ts';
import { readDefinition } from './definition.ts';
import { functionsOf, rightsOfRole } from './stack-functions.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const { couponStats, network } = synthesise(makeConfig());

interface Job {
  readonly machine: string;
  readonly cron: string;
  readonly plan: string;
  readonly steps: readonly (readonly [step: string, ranges: keyof PlannedUsage | keyof PlannedPushes])[];
}

const JOBS: readonly Job[] = [
  {
    machine: 'grantline-dev-coupon-usage-stats',
    cron: 'cron(0 1 * * ? *)',
    plan: 'PlanUsage',
    steps: [
      ['CollectStores', 'collectRanges'],
      ['LearnDistricts', 'learnRanges'],
      ['AggregateUsage', 'aggregateRanges'],
    ],
  },
  {
    machine: 'grantline-dev-coupon-usage-stats-fcm-send',
    cron: 'cron(0 * * * ? *)',
    plan: 'PlanPushes',
    steps: [
      ['CollectMembers', 'collectRanges'],
      ['SendPushes', 'sendRanges'],
    ],
  },
];

const state = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  ItemsPath: z.string().optional(),
  Retry: z.array(z.looseObject({ ErrorEquals: z.array(z.string()) })).optional(),
  Parameters: z.looseObject({ Payload: z.record(z.string(), z.unknown()) }).optional(),
});
const states = z.object({ StartAt: z.string(), States: z.record(z.string(), state) });
const definitionOf = (machine: string) => states.parse(readDefinition(couponStats, machine));
const keysOf = (payload: object | undefined) =>
  Object.keys(payload ?? {}).map((name) => name.replace(/\.\$$/, ''));
const fieldsOf = (schema: z.ZodObject) => Object.keys(schema.shape).toSorted();

const secretRight = (right: { action: string; resource: string }) =>
  right.action.startsWith('secretsmanager:') && right.resource.includes('"SystemToken');

describe.each(JOBS)('$machine', ({ machine, cron, plan, steps }) => {
  const definition = definitionOf(machine);
  const inside = (step: string) => states.parse(definition.States[step]?.['ItemProcessor']);

  test('begins, plans, goes through its steps and tells', () => {
    const order: string[] = [];
    for (let name: string | undefined = definition.StartAt; name !== undefined;) {
      order.push(name);
      name = definition.States[name]?.Next;
    }
    expect(order).toEqual(['BeginJobRun', plan, ...steps.map(([step]) => step), 'Notify']);
  });

  test('goes through the ranges that the plan says, and tells each function what it parses', () => {
    expect(keysOf(definition.States[plan]?.Parameters?.Payload)).toEqual(fieldsOf(stepInput));
    for (const [step, ranges] of steps) {
      expect(definition.States[step]?.ItemsPath).toBe(`$.plan.output.${ranges}`);
      const payload = inside(step).States[`${step}OfRange`]?.Parameters?.Payload;
      expect(keysOf(payload).toSorted()).toEqual(fieldsOf(rangeInput));
    }
  });

  test('fails at once when a service refuses our token: the first retrier that names it gives no try', () => {
    for (const [step] of steps) {
      const retriers = inside(step).States[`${step}OfRange`]?.Retry ?? [];
      const first = retriers.find(({ ErrorEquals }) =>
        ErrorEquals.some((error) => error === SERVICE_REFUSED || error === 'States.ALL'),
      );
      expect(first).toMatchObject({ ErrorEquals: [SERVICE_REFUSED], MaxAttempts: 0 });
      expect(retriers.at(-1)).toMatchObject({
        ErrorEquals: ['States.ALL'],
        MaxAttempts: 2,
        IntervalSeconds: 300,
      });
    }
  });

  test('starts on schedule in Seoul, for the time for which it was scheduled', () => {
    couponStats.hasResourceProperties('AWS::Scheduler::Schedule', {
      Name: machine,
      ScheduleExpression: cron,
      ScheduleExpressionTimezone: 'Asia/Seoul',
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: Match.objectLike({ Input: '{"scheduledAt":"<aws.scheduler.scheduled-time>"}' }),
    });
  });

  test('is started by its own schedule’s role, which may start nothing else', () => {
    const [role = ''] = Object.keys(
      couponStats.findResources('AWS::IAM::Role', {
        Properties: { Description: `Starts ${machine} on schedule` },
      }),
    );
    const [ref] = Object.keys(
      couponStats.findResources('AWS::StepFunctions::StateMachine', {
        Properties: { StateMachineName: machine },
      }),
    );
    expect(rightsOfRole(couponStats, role)).toEqual([
      { action: 'states:StartExecution', resource: JSON.stringify({ Ref: ref }), condition: undefined },
    ]);
  });
});

test('there are no other schedules', () => {
  couponStats.resourceCountIs('AWS::Scheduler::Schedule', JOBS.length);
});

describe('the topic', () => {
  const [topic = ''] = Object.keys(couponStats.findResources('AWS::SNS::Topic'));
  const [key = ''] = Object.keys(couponStats.findResources('AWS::KMS::Key'));

  test('is encrypted with a key of its own, that rotates', () => {
    couponStats.resourceCountIs('AWS::SNS::Topic', 1);
    couponStats.hasResourceProperties('AWS::SNS::Topic', {
      TopicName: 'grantline-dev-coupon',
      KmsMasterKeyId: { 'Fn::GetAtt': [key, 'Arn'] },
    });
    couponStats.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
  });

  test('gives the queue the messages of its routing key, as they are', () => {
    const [deadLetters] = Object.keys(
      couponStats.findResources('AWS::SQS::Queue', {
        Properties: { QueueName: 'grantline-dev-coupon-usage-stats-fcm-send-dead-letter' },
      }),
    );
    couponStats.resourceCountIs('AWS::SNS::Subscription', 1);
    couponStats.hasResourceProperties('AWS::SNS::Subscription', {
      TopicArn: { Ref: topic },
      Protocol: 'sqs',
      RawMessageDelivery: true,
      FilterPolicy: { routingKey: [ROUTING_KEY] },
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] } },
    });
    expect(ROUTING_KEY).toBe('coupon.usage.stats.fcm.send');
  });

  test('has a queue that gives up on a message after ten receives, and keeps it', () => {
    const [deadLetters] = Object.keys(
      couponStats.findResources('AWS::SQS::Queue', {
        Properties: { QueueName: 'grantline-dev-coupon-usage-stats-fcm-send-dead-letter' },
      }),
    );
    couponStats.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'grantline-dev-coupon-usage-stats-fcm-send',
      MessageRetentionPeriod: 1_209_600,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] }, maxReceiveCount: 10 },
    });
  });

  test('takes messages from SendPushes alone', () => {
    for (const [name, { Role }] of functionsOf(couponStats)) {
      const rights = rightsOfRole(couponStats, Role['Fn::GetAtt'][0]);
      const published = rights.filter(({ action }) => action === 'sns:Publish');
      const expected = name === 'send-pushes' ? [JSON.stringify({ Ref: topic })] : [];
      expect([name, ...published.map(({ resource }) => resource)]).toEqual([name, ...expected]);
      const used = rights.filter(({ action }) => action.startsWith('kms:'));
      for (const { resource } of used) expect(resource).toBe(JSON.stringify({ 'Fn::GetAtt': [key, 'Arn'] }));
    }
  });
});

describe('who asks a service', () => {
  const asking = ['learn-districts', 'send-pushes'];

  test('reads the system token, and nobody else does', () => {
    for (const [name, { Role }] of functionsOf(couponStats)) {
      const reads = rightsOfRole(couponStats, Role['Fn::GetAtt'][0]).some(secretRight);
      expect([name, reads]).toEqual([name, asking.includes(name)]);
    }
  });

  test('asks at the stage’s addresses', () => {
    const variables = (name: string) => functionsOf(couponStats).get(name)?.Environment.Variables;
    expect(variables('learn-districts')).toMatchObject({
      STORE_SERVICE_URL: 'https://store-service.dev.internal',
    });
    expect(variables('send-pushes')).toMatchObject({
      STORE_SERVICE_URL: 'https://store-service.dev.internal',
      NOTIFICATION_SERVICE_URL: 'https://notification-service.dev.internal',
    });
  });

  test('is in the VPC with the security group whose rules let it out to them, and the database’s endpoints', () => {
    const groups = z.object({ SecurityGroupIds: z.array(z.unknown()), SubnetIds: z.array(z.unknown()) });
    for (const name of asking) {
      const { SecurityGroupIds } = groups.parse(functionsOf(couponStats).get(name)?.VpcConfig);
      const text = JSON.stringify(SecurityGroupIds);
      expect(SecurityGroupIds).toHaveLength(2);
      expect(text).toMatch(/ServiceClient/);
      expect(text).toMatch(/Function/);
    }
    expect(Object.keys(network.findResources('AWS::EC2::SecurityGroup')).join()).toMatch(/ServiceClient/);
  });
});

test('a token that others keep is read where it is, and none is made', () => {
  const { couponStats: other } = synthesise(
    makeConfig({
      coupons: {
        storeServiceUrl: 'https://stores.example',
        notificationServiceUrl: 'https://notifications.example',
        systemTokenSecret: { name: 'the-system-token' },
      },
    }),
  );
  other.resourceCountIs('AWS::SecretsManager::Secret', 0);
  expect(JSON.stringify(other.toJSON())).toContain(':secret:the-system-token');
});
