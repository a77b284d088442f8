import { describe, expect, test } from 'vitest';
import { STAGES } from '../../config/stages.ts';
import { checkConfig, readConfig } from '../../lib/config.ts';
import { environmentProblems } from '../../lib/environment-config.ts';
import { defaultGrantConcurrency } from '../../lib/grant-concurrency.ts';
import { existingVpc } from './synthesised.ts';

function problems(outcome: ReturnType<typeof readConfig>): readonly string[] {
  return outcome.ok ? [] : outcome.problems;
}

describe('the stages', () => {
  test.each(Object.values(STAGES))('$stage satisfies its own rules', (stage) => {
    expect(problems(checkConfig(stage))).toEqual([]);
  });

  test('dev is chosen when none is named', () => {
    expect(readConfig(STAGES, {})).toMatchObject({ ok: true, config: { stage: 'dev' } });
  });
});

describe('overrides', () => {
  test('come from the command line as strings', () => {
    expect(
      readConfig(STAGES, {
        stage: 'prod',
        moneyTps: '300',
        grantConcurrency: '30',
        pacingHeadroomSeconds: '0.01',
        moneyApiUrl: 'http://localhost:1',
        jobRetrySeconds: '2',
      }),
    ).toMatchObject({
      config: {
        stage: 'prod',
        money: { tps: 300, apiUrl: 'http://localhost:1' },
        grants: { concurrency: 30 },
        pacingHeadroomSeconds: 0.01,
        jobs: { retrySeconds: 2 },
      },
    });
  });

  test.each(['dev', 'staging', 'prod'])('the steps of jobs are tried five minutes apart in %s', (stage) => {
    expect(readConfig(STAGES, { stage })).toMatchObject({ config: { jobs: { retrySeconds: 300 } } });
  });

  test('the default concurrency follows the ceiling', () => {
    expect(readConfig(STAGES, { moneyTps: '90' })).toMatchObject({ config: { grants: { concurrency: 2 } } });
  });

  test("CDK's own context is left alone", () => {
    expect(
      problems(
        readConfig(STAGES, { '@aws-cdk/core:stackRelativeExports': true, 'aws:cdk:bundling-stacks': [] }),
      ),
    ).toEqual([]);
  });

  test.each([
    ['a misspelt override', { moneyTsp: '500' }, 'context: Unrecognized key: "moneyTsp"'],
    ['an unknown stage', { stage: 'qa' }, /^context: stage: .*"dev"\|"staging"\|"prod"/],
    ['a ceiling of one call a second', { moneyTps: '1' }, /^stage dev: money\.tps: .*>=2/],
    ['half a call a second', { moneyTps: '2.5' }, /^stage dev: money\.tps: .*int/],
    ['a ceiling that is no number', { moneyTps: 'many' }, /^context: moneyTps: .*number/],
    [
      'more environments than calls',
      { moneyTps: '10', grantConcurrency: '11' },
      /^stage dev: grants\.concurrency: must not exceed money\.tps/,
    ],
    ['one environment', { grantConcurrency: '1' }, /^stage dev: grants\.concurrency: .*>=2/],
    ['a retry at once', { jobRetrySeconds: '0' }, /^stage dev: jobs\.retrySeconds: .*>=1/],
    ['a retry after hours', { jobRetrySeconds: '3601' }, /^stage dev: jobs\.retrySeconds: .*<=3600/],
    ['a retry after half a second', { jobRetrySeconds: '0.5' }, /^stage dev: jobs\.retrySeconds: .*int/],
    ['a retry after a word', { jobRetrySeconds: 'soon' }, /^context: jobRetrySeconds: .*number/],
    [
      'a Money API that is no URL',
      { moneyApiUrl: 'money' },
      'stage dev: money.apiUrl: must be an http(s) URL',
    ],
  ])('%s is refused in one line', (_, context, expected) => {
    const found = problems(readConfig(STAGES, context));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });
});

describe('a stage', () => {
  test('with an unknown key is refused by its name', () => {
    expect(problems(checkConfig({ ...STAGES.dev, grants: { ...STAGES.dev.grants, concurency: 5 } }))).toEqual(
      ['stage dev: grants: Unrecognized key: "concurency"'],
    );
  });

  test('says every problem, one a line', () => {
    expect(
      problems(checkConfig({ ...STAGES.prod, pacingHeadroomSeconds: 2, logRetentionDays: 8 })),
    ).toHaveLength(2);
  });

  test.each(['staging', 'prod'] as const)('%s keeps its data', (stage) => {
    const { database } = STAGES[stage];
    expect(
      problems(
        checkConfig({
          ...STAGES[stage],
          removable: true,
          database: { ...database, deletionProtection: false },
        }),
      ),
    ).toEqual([
      `stage ${stage}: database.deletionProtection: may be off in dev only`,
      `stage ${stage}: removable: may be on in dev only`,
    ]);
  });

  test.each(['staging', 'prod'] as const)('%s has a cache that survives a node', (stage) => {
    const redis = { ...STAGES[stage].redis, replicas: 0 };
    expect(problems(checkConfig({ ...STAGES[stage], redis }))).toEqual([
      `stage ${stage}: redis.replicas: may be 0 in dev only: without one nothing takes over when the node fails`,
    ]);
  });

  test('whose cache is of no node type is refused', () => {
    const redis = { ...STAGES.dev.redis, nodeType: 'db.t4g.micro' };
    expect(problems(checkConfig({ ...STAGES.dev, redis }))).toEqual([
      'stage dev: redis.nodeType: must be an ElastiCache node type',
    ]);
  });

  test('whose least capacity is above its most is refused', () => {
    const database = { ...STAGES.dev.database, capacity: { min: 8, max: 4 } };
    expect(problems(checkConfig({ ...STAGES.dev, database }))).toEqual([
      'stage dev: database.capacity.min: must not exceed capacity.max',
    ]);
  });
});

describe('the default concurrency', () => {
  test.each([
    [1000, 4, '250 calls each'],
    [60, 2, 'the fewest that there may be'],
    [2, 2, 'the smallest ceiling'],
    [47, 2, 'a prime: one call is left over'],
    [1331, 11, '11 × 121: more environments, and no call is left over'],
    [50_000, 200, '250 calls each'],
    [999_000, 1_000, 'the most that Lambda allows'],
  ])('of %i calls a second is %i: %s', (tps, concurrency) => {
    expect(defaultGrantConcurrency(tps)).toBe(concurrency);
  });

  test('is within the bounds of Lambda and of the ceiling, whatever the ceiling', () => {
    for (let tps = 2; tps <= 5000; tps += 1) {
      const concurrency = defaultGrantConcurrency(tps);
      expect(concurrency).toBeGreaterThanOrEqual(2);
      expect(tps / concurrency).toBeGreaterThanOrEqual(1);
      // What is left over is never sent.
      if (tps >= 100) expect(tps % concurrency).toBeLessThanOrEqual(tps / 100);
    }
  });
});

describe('where a stage is deployed', () => {
  const environment = { account: '111122223333', region: 'ap-northeast-2' };
  const here = { CDK_DEFAULT_ACCOUNT: '111122223333', CDK_DEFAULT_REGION: 'ap-northeast-2' };

  test('is said by the configuration, or by the command line', () => {
    expect(readConfig(STAGES, { stage: 'prod', ...environment })).toMatchObject({ config: { environment } });
    expect(problems(readConfig(STAGES, { account: '111122223333' }))).toEqual([
      expect.stringMatching(/^stage dev: environment\.region: /),
    ]);
  });

  test.each([
    ['the CDK CLI is signed in there', 'prod', environment, here],
    [
      'nobody is signed in, and the region is one that the CLI falls back to',
      'prod',
      environment,
      { CDK_DEFAULT_REGION: 'us-east-1' },
    ],
    ['nobody is signed in, and nothing is said', 'prod', undefined, {}],
    ['dev goes to wherever the CLI is signed in', 'dev', undefined, here],
  ])('is right: %s', (_, stage, said, cli) => {
    expect(environmentProblems({ stage, environment: said }, cli)).toEqual([]);
  });

  test.each([
    [
      'another account',
      environment,
      { ...here, CDK_DEFAULT_ACCOUNT: '999988887777' },
      'environment.account: is 111122223333, and the CDK CLI is signed in to 999988887777: choose the profile',
    ],
    [
      'another region',
      environment,
      { ...here, CDK_DEFAULT_REGION: 'us-east-1' },
      'environment.region: is ap-northeast-2, and the CDK CLI is signed in to us-east-1: choose that region',
    ],
    [
      'nothing said',
      undefined,
      here,
      'environment: is not said, and the CDK CLI is signed in to 111122223333 (ap-northeast-2): put account and region into config/stages.ts',
    ],
  ])('is refused in one line: %s', (_, said, cli, expected) => {
    const found = environmentProblems({ stage: 'prod', environment: said }, cli);

    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`stage prod: ${expected}`);
  });

  test.each([
    [
      'an account that is no number',
      { account: 'prod', region: 'ap-northeast-2' },
      'environment.account: must be the twelve digits of an AWS account',
    ],
    [
      'a region that is none',
      { account: '111122223333', region: 'Seoul' },
      'environment.region: must be an AWS region like ap-northeast-2',
    ],
  ])('is refused by name: %s', (_, said, expected) => {
    expect(problems(checkConfig({ ...STAGES.dev, environment: said }))).toEqual([`stage dev: ${expected}`]);
  });

  test('is where everything is that it names', () => {
    const elsewhere = 'arn:aws:rds:us-east-1:111122223333:cluster:shared';
    const other = 'arn:aws:secretsmanager:ap-northeast-2:999988887777:secret:shared-AbCdEf';
    const subnets = existingVpc.subnets.map((subnet, index) =>
      index === 0 ? { ...subnet, availabilityZone: 'us-east-1a' } : subnet,
    );
    const candidate = {
      ...STAGES.dev,
      environment,
      network: { existing: { ...existingVpc, subnets } },
      database: { ...STAGES.dev.database, existing: { clusterArn: elsewhere, secretArn: other } },
    };

    expect(problems(checkConfig(candidate))).toEqual([
      'stage dev: database.existing.clusterArn: is in us-east-1:111122223333, not where the stage is',
      'stage dev: database.existing.secretArn: is in ap-northeast-2:999988887777, not where the stage is',
      'stage dev: network.existing.subnets.0.availabilityZone: is in us-east-1, not where the stage is',
    ]);
    expect(problems(checkConfig({ ...candidate, environment: undefined }))).toEqual([]);
  });
});

describe('what is there already', () => {
  const [first, second] = existingVpc.subnets;
  const endpoints = { securityGroupId: 'sg-0123456789abcdef0', services: ['sqs'] };

  test.each([
    ['one subnet', { subnets: [first] }, /^network\.existing\.subnets: .*>=2/],
    [
      'two subnets of one zone',
      { subnets: [first, { ...second, availabilityZone: first?.availabilityZone }] },
      'network.existing.subnets: must each be in a zone of its own',
    ],
    [
      'a subnet without its zone',
      { subnets: [first, { id: second?.id }] },
      /^network\.existing\.subnets\.1\.availabilityZone: /,
    ],
    ['a VPC by its name', { vpcId: 'shared' }, 'network.existing.vpcId: must be the id of a VPC, vpc-…'],
    ['an unknown key', { natGateways: 1 }, 'network.existing: Unrecognized key: "natGateways"'],
    [
      'an endpoint that nobody calls',
      { endpoints: { ...endpoints, services: ['s3'] } },
      /^network\.existing\.endpoints\.services\.0: /,
    ],
    [
      'an endpoint twice',
      { endpoints: { ...endpoints, services: ['sqs', 'sqs'] } },
      'network.existing.endpoints.services: must not be listed twice',
    ],
  ])('in the network is refused by name: %s', (_, change, expected) => {
    const found = problems(
      checkConfig({ ...STAGES.dev, network: { existing: { ...existingVpc, ...change } } }),
    );

    expect(found).toHaveLength(1);
    expect(found[0]?.replace('stage dev: ', '')).toMatch(expected);
  });

  test.each([
    [
      'a password in its URL',
      { url: 'rediss://:secret@redis.internal' },
      'redis.existing.url: must have no password: put it into a secret, and name that one',
    ],
    [
      'no Redis URL',
      { url: 'https://redis.internal' },
      'redis.existing.url: must be a redis:// or rediss:// URL',
    ],
    ['a secret without a Redis', { authTokenSecretName: 'shared/redis' }, /^redis\.existing\.url: /],
  ])('of Redis is refused by name: %s', (_, existing, expected) => {
    const found = problems(checkConfig({ ...STAGES.dev, redis: { ...STAGES.dev.redis, existing } }));

    expect(found).toHaveLength(1);
    expect(found[0]?.replace('stage dev: ', '')).toMatch(expected);
    expect(found[0]).not.toContain('secret@');
  });

  test('is reached in ranges of addresses alone', () => {
    const money = { ...STAGES.dev.money, cidrs: ['money-api.internal'] };
    expect(problems(checkConfig({ ...STAGES.dev, money }))).toEqual([
      expect.stringMatching(/^stage dev: money\.cidrs\.0: must be a range/),
    ]);
  });
});
