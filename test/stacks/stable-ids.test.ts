/**
 * CloudFormation knows a resource by its logical id, which follows from the ids of its constructs and from where they are:
 * under another id it makes a new, empty resource, and lets go of the one that has the data.
 */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { makeConfig, synthesise } from './synthesised.ts';

const STATEFUL = new Set([
  // Its URL is what callers know.
  'AWS::ApiGatewayV2::Api',
  // Other stacks import them, and others let them in.
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::Subnet',
  'AWS::EC2::VPC',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::ElastiCache::SubnetGroup',
  'AWS::KMS::Key',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::RDS::DBSubnetGroup',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
]);

/** What outlives its stack in staging and prod. */
const KEPT = {
  data: [
    'DatabaseCluster5B53A178',
    'DatabaseClusterSubnets5540150D',
    'DatabaseClusterWriterD43085C6',
    'RedisAuthTokenSecret61F02AF0',
  ],
  alerts: [
    'AlertTopic3B8349F7',
    'AlertTopicKey863797D7',
    'SlackNotifierDeadLetterQueueE95166B3',
    'SlackNotifierQueue33F9A744',
    'SlackNotifierWebhookSecret1FBC57D7',
  ],
  campaignGrant: [
    'GrantConsumersGrantQueue4CFBD645',
    'GrantConsumersGrantQueueDeadLetterQueue6741E0CB',
    'GrantConsumersMoneyApiKeySecret70EFBB18',
  ],
  couponStats: [
    'CouponTopic060049EE',
    'CouponTopicDeadLetterQueue273FDEDD',
    'CouponTopicKey2A3738A8',
    'CouponTopicQueue4E340B99',
    'SystemTokenSecret0189EA03',
  ],
  adminApi: ['SecretA29EB826'],
};

/** The same, of what only prod has. */
const KEPT_IN_PROD = { data: ['DatabaseClusterReader1D8B76102'] };

/** Made again from rows, or from nothing, when its stack comes back: but not while somebody uses it. */
const REBUILT = {
  network: [
    'EndpointSecurityGroupF840B798',
    'FunctionSecurityGroup37F9C17C',
    'MoneyClientSecurityGroupA2E552FB',
    'RedisSecurityGroupB05951F6',
    'ServiceClientSecurityGroup84CB35FC',
    'Vpc8378EB38',
    'VpcisolatedSubnet1SubnetE62B1B9B',
    'VpcisolatedSubnet2Subnet39217055',
  ],
  data: ['DatabaseSecurityGroup5C91FDCB', 'RedisReplicationGroup3B65AB4E', 'RedisSubnets445F6F85'],
  campaignGrant: ['ReconcilerGroupB7E6DCD7', 'ReconcilerReservationsGroup05D5FF21'],
  jobs: ['JobRunFunctionsGroupAC2BB34A'],
  pointSync: ['PointSyncScheduleGroupBA9EF99B'],
  adminApi: ['AdminApiB3376E39'],
  couponStats: ['CouponUsageStatsFcmSendScheduleGroup8BC90862', 'CouponUsageStatsScheduleGroup50E98E0E'],
};

const WHAT_IT_MEANS =
  'The logical id of a resource that holds data changed: a deployment would replace it by an empty one. Give its construct ' +
  'the id and the place that it had; a resource that is new is added here.';

const template = z.looseObject({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), DeletionPolicy: z.string().optional() })),
});

/** `stack/logical id`, of each resource that holds data and that the policy is of. */
function statefulIds(stage: 'dev' | 'staging' | 'prod', policies: readonly (string | undefined)[]): string[] {
  const stacks = Object.entries(synthesise(makeConfig({ stage })));
  return stacks
    .flatMap(([stack, synthesised]) =>
      Object.entries(template.parse(synthesised.toJSON()).Resources)
        .filter(([, { Type, DeletionPolicy }]) => STATEFUL.has(Type) && policies.includes(DeletionPolicy))
        .map(([id]) => `${stack}/${id}`),
    )
    .toSorted();
}

function listed(ids: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(ids)
    .flatMap(([stack, some]) => some.map((id) => `${stack}/${id}`))
    .toSorted();
}

describe.each(['staging', 'prod'] as const)('in %s', (stage) => {
  test('what holds data has the logical id that it always had, and outlives its stack', () => {
    const kept = [...listed(KEPT), ...(stage === 'prod' ? listed(KEPT_IN_PROD) : [])];
    expect(statefulIds(stage, ['RetainExceptOnCreate']), WHAT_IT_MEANS).toEqual(kept.toSorted());
  });

  test('what is rebuilt has the logical id that it always had', () => {
    expect(statefulIds(stage, ['Delete', undefined]), WHAT_IT_MEANS).toEqual(listed(REBUILT));
  });
});

test('dev keeps nothing that would have to be deleted by hand', () => {
  expect(statefulIds('dev', ['Retain', 'RetainExceptOnCreate'])).toEqual([]);
  expect(statefulIds('dev', ['Delete', undefined]), WHAT_IT_MEANS).toEqual(
    [...listed(KEPT), ...listed(REBUILT)].toSorted(),
  );
});
