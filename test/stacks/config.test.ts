import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { STAGES } from '../../config/stages.ts';
import { checkConfig, readConfig } from '../../lib/config.ts';
import { environmentProblems } from '../../lib/environment-config.ts';
import { defaultGrantConcurrency } from '../../lib/grant-concurrency.ts';
import { existingVpc, makeConfig } from './synthesised.ts';

const cluster = {
  clusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:shared',
  secret: { arn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:shared-AbCdEf' },
};

function problems(outcome: ReturnType<typeof readConfig>): readonly string[] {
  return outcome.ok ? [] : outcome.problems;
}

describe('the stages', () => {
  test.each([...Object.values(DEFAULT_STAGES), ...Object.values(STAGES)])(
    '$stage satisfies its own rules',
    (stage) => {
      expect(problems(checkConfig(stage))).toEqual([]);
    },
  );

  test('dev is chosen when none is named', () => {
    expect(readConfig(DEFAULT_STAGES, {})).toMatchObject({ ok: true, config: { stage: 'dev' } });
  });
});

describe('overrides', () => {
  test('come from the command line as strings', () => {
    expect(
      readConfig(DEFAULT_STAGES, {
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
    expect(readConfig(DEFAULT_STAGES, { stage })).toMatchObject({ config: { jobs: { retrySeconds: 300 } } });
  });

  test('make of a stage that names what others run one that needs nothing but itself', () => {
    const { dev } = DEFAULT_STAGES;
    const environment = { account: '111122223333', region: 'ap-northeast-2' };
    const kmsKeyArn = 'arn:aws:kms:ap-northeast-2:111122223333:key/1234abcd';
    const named = {
      ...dev,
      environment,
      network: { existing: existingVpc },
      money: { ...dev.money, tps: 600, apiKeySecret: { name: 'money', kmsKeyArn } },
      database: { ...dev.database, existing: cluster },
      redis: {
        ...dev.redis,
        existing: { url: 'rediss://redis.internal:6379', authTokenSecret: { name: 'redis' } },
      },
      alerts: { ...dev.alerts, slackWebhookSecret: { name: 'slack' } },
      coupons: { ...dev.coupons, systemTokenSecret: { name: 'token' } },
      alarms: { enabled: true, topicArn: 'arn:aws:sns:ap-northeast-2:111122223333:alarms' },
    };
    const stages = { ...DEFAULT_STAGES, dev: named };
    const { config: asItIs } = { config: undefined, ...readConfig(stages, {}) };
    const { config } = { config: undefined, ...readConfig(stages, { existing: 'ignored' }) };

    expect(JSON.stringify(asItIs)).toMatch(/111122223333.*vpc-.*rediss:/);
    expect(JSON.stringify(config)).not.toMatch(/111122223333|vpc-|rediss:|Secret|existing/);
    expect(config).toMatchObject({
      money: { tps: 600 },
      network: { cidr: dev.network.cidr },
      alarms: { enabled: true },
    });
    expect(problems(readConfig(DEFAULT_STAGES, { existing: 'named' }))).toEqual([
      'context: existing: Invalid input: expected "ignored"',
    ]);
  });

  test('the default concurrency follows the ceiling', () => {
    expect(readConfig(DEFAULT_STAGES, { moneyTps: '90' })).toMatchObject({
      config: { grants: { concurrency: 2 } },
    });
  });

  test("CDK's own context is left alone", () => {
    expect(
      problems(
        readConfig(DEFAULT_STAGES, {
          '@aws-cdk/core:stackRelativeExports': true,
          'aws:cdk:bundling-stacks': [],
        }),
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
    const found = problems(readConfig(DEFAULT_STAGES, context));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });
});

describe('a stage', () => {
  test('with an unknown key is refused by its name', () => {
    expect(
      problems(
        checkConfig({ ...DEFAULT_STAGES.dev, grants: { ...DEFAULT_STAGES.dev.grants, concurency: 5 } }),
      ),
    ).toEqual(['stage dev: grants: Unrecognized key: "concurency"']);
  });

  test('says every problem, one a line', () => {
    expect(
      problems(checkConfig({ ...DEFAULT_STAGES.prod, pacingHeadroomSeconds: 2, logRetentionDays: 8 })),
    ).toHaveLength(2);
  });

  test.each(['staging', 'prod'] as const)('%s keeps its data', (stage) => {
    const { database } = DEFAULT_STAGES[stage];
    expect(
      problems(
        checkConfig({
          ...DEFAULT_STAGES[stage],
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
    const redis = { ...DEFAULT_STAGES[stage].redis, replicas: 0 };
    expect(problems(checkConfig({ ...DEFAULT_STAGES[stage], redis }))).toEqual([
      `stage ${stage}: redis.replicas: may be 0 in dev only: without one nothing takes over when the node fails`,
    ]);
  });

  test('that is removable has nothing that refuses to go', () => {
    const database = { ...DEFAULT_STAGES.dev.database, deletionProtection: true };
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, database }))).toEqual([
      'stage dev: database.deletionProtection: must be off where removable is on: destroy would stop at the cluster',
    ]);
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, database, removable: false }))).toEqual([]);
    expect(
      problems(checkConfig({ ...DEFAULT_STAGES.dev, database: { ...database, existing: cluster } })),
    ).toEqual([]);
  });

  test.each([
    ['that is none', '10.64.0.0', 'network.cidr: must be a range like 10.64.0.0/20'],
    ['that is too wide', '10.0.0.0/15', 'network.cidr: must be from /16 to /22'],
    ['that is too narrow', '10.64.0.0/23', 'network.cidr: must be from /16 to /22'],
    ['that begins within', '10.64.8.0/20', 'network.cidr: must begin where a range of its size does'],
    ['of the internet', '11.64.0.0/20', /^network\.cidr: must be a private range/],
    ['beside a private one', '172.32.0.0/16', /^network\.cidr: must be a private range/],
  ])('with a range of addresses %s is refused', (_, cidr, expected) => {
    const found = problems(checkConfig({ ...DEFAULT_STAGES.dev, network: { cidr } }));

    expect(found).toHaveLength(1);
    expect(found[0]?.replace('stage dev: ', '')).toMatch(expected);
  });

  test.each(['10.0.0.0/16', '172.31.0.0/16', '192.168.252.0/22'])('may have the range %s', (cidr) => {
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, network: { cidr } }))).toEqual([]);
  });

  test('has either a network of its own or one that is there', () => {
    const either = ['stage dev: network: must have either cidr, for a VPC of its own, or existing'];
    const network = { cidr: '10.64.0.0/20', existing: existingVpc };
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, network }))).toEqual(either);
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, network: {} }))).toEqual(either);
  });

  test('can be joined to the same network as the others', () => {
    const ranges = Object.values(DEFAULT_STAGES).map(({ network: { cidr = '' } }) => cidr.split('/'));
    const overlaps = ranges.filter(([address = '', prefix]) => {
      const range = new BlockList();
      range.addSubnet(address, Number(prefix));
      return ranges.filter(([other = '']) => range.check(other)).length > 1;
    });
    expect(ranges).toHaveLength(3);
    expect(overlaps).toEqual([]);
  });

  test('whose cache is of no node type is refused', () => {
    const redis = { ...DEFAULT_STAGES.dev.redis, nodeType: 'db.t4g.micro' };
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, redis }))).toEqual([
      'stage dev: redis.nodeType: must be an ElastiCache node type',
    ]);
  });

  test('whose least capacity is above its most is refused', () => {
    const database = { ...DEFAULT_STAGES.dev.database, capacity: { min: 8, max: 4 } };
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, database }))).toEqual([
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
    expect(readConfig(DEFAULT_STAGES, { stage: 'prod', ...environment })).toMatchObject({
      config: { environment },
    });
    expect(problems(readConfig(DEFAULT_STAGES, { account: '111122223333' }))).toEqual([
      expect.stringMatching(/^stage dev: environment\.region: /),
    ]);
  });

  test.each([
    ['the CDK CLI is signed in there', 'prod' as const, environment, here],
    [
      'nobody is signed in, and the region is one that the CLI falls back to',
      'prod' as const,
      environment,
      { CDK_DEFAULT_REGION: 'us-east-1' },
    ],
    ['nobody is signed in, and nothing is said', 'prod' as const, undefined, {}],
    ['dev goes to wherever the CLI is signed in', 'dev' as const, undefined, here],
  ])('is right: %s', (_, stage, said, cli) => {
    expect(environmentProblems({ ...makeConfig({ stage }), environment: said }, cli)).toEqual([]);
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
    const found = environmentProblems({ ...makeConfig({ stage: 'prod' }), environment: said }, cli);

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
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, environment: said }))).toEqual([
      `stage dev: ${expected}`,
    ]);
  });

  test('is where everything is that it names', () => {
    const elsewhere = 'arn:aws:rds:us-east-1:111122223333:cluster:shared';
    const other = 'arn:aws:secretsmanager:ap-northeast-2:999988887777:secret:shared-AbCdEf';
    const subnets = existingVpc.subnets.map((subnet, index) =>
      index === 0 ? { ...subnet, availabilityZone: 'us-east-1a' } : subnet,
    );
    const candidate = {
      ...DEFAULT_STAGES.dev,
      environment,
      network: { existing: { ...existingVpc, subnets } },
      database: {
        ...DEFAULT_STAGES.dev.database,
        existing: { clusterArn: elsewhere, secret: { arn: other } },
      },
    };

    expect(problems(checkConfig(candidate))).toEqual([
      'stage dev: database.existing.clusterArn: is in us-east-1:111122223333, not where the stage is',
      'stage dev: database.existing.secret.arn: is in ap-northeast-2:999988887777, not where the stage is',
      'stage dev: network.existing.subnets.0.availabilityZone: is in us-east-1, not where the stage is',
    ]);
    expect(problems(checkConfig({ ...candidate, environment: undefined }))).toEqual([]);
  });

  test('has keys of its region, which may be of another account', () => {
    const key = (region: string) => `arn:aws:kms:${region}:999988887777:key/0123-ab`;
    const secret = (region: string) => ({ name: 'shared', kmsKeyArn: key(region) });
    const candidate = (region: string) => ({
      ...DEFAULT_STAGES.dev,
      environment,
      money: { ...DEFAULT_STAGES.dev.money, apiKeySecret: secret(region) },
      coupons: { ...DEFAULT_STAGES.dev.coupons, systemTokenSecret: secret(region) },
      alerts: { ...DEFAULT_STAGES.dev.alerts, slackWebhookSecret: secret(region) },
      redis: {
        ...DEFAULT_STAGES.dev.redis,
        existing: { url: 'rediss://redis.internal', authTokenSecret: secret(region) },
      },
      database: {
        ...DEFAULT_STAGES.dev.database,
        existing: { ...cluster, secret: { ...cluster.secret, kmsKeyArn: key(region) } },
      },
    });

    expect(problems(checkConfig(candidate('ap-northeast-2')))).toEqual([]);
    expect(problems(checkConfig(candidate('us-east-1')))).toEqual(
      [
        'database.existing.secret',
        'redis.existing.authTokenSecret',
        'money.apiKeySecret',
        'coupons.systemTokenSecret',
        'alerts.slackWebhookSecret',
      ].map((path) => `stage dev: ${path}.kmsKeyArn: is in us-east-1, not where the stage is`),
    );
  });

  test('is where the CDK CLI is signed in, if nothing is said, and so is what is named', () => {
    const config = makeConfig({ database: { ...DEFAULT_STAGES.dev.database, existing: cluster } });

    expect(environmentProblems(config, here)).toEqual([]);
    expect(environmentProblems(config, {})).toEqual([]);
    const elsewhere = { ...here, CDK_DEFAULT_ACCOUNT: '999988887777' };
    const found = environmentProblems(config, elsewhere);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(
      /^stage dev: database\.existing\.clusterArn: is in ap-northeast-2:111122223333, and the CDK CLI is signed in to ap-northeast-2:999988887777: choose /,
    );
  });
});

describe('what is there already', () => {
  const there = {
    'database.existing.clusterArn': (clusterArn: string) => ({
      database: { ...DEFAULT_STAGES.dev.database, existing: { ...cluster, clusterArn } },
    }),
    'database.existing.secret.arn': (arn: string) => ({
      database: { ...DEFAULT_STAGES.dev.database, existing: { ...cluster, secret: { arn } } },
    }),
    'alarms.topicArn': (topicArn: string) => ({ alarms: { enabled: true, topicArn } }),
    'money.apiKeySecret.kmsKeyArn': (kmsKeyArn: string) => ({
      money: { ...DEFAULT_STAGES.dev.money, apiKeySecret: { name: 'money', kmsKeyArn } },
    }),
    'money.apiKeySecret.name': (name: string) => ({
      money: { ...DEFAULT_STAGES.dev.money, apiKeySecret: { name } },
    }),
  } as const;
  const arn = (rest: string) => `arn:aws:${rest}`;
  const here = 'ap-northeast-2:111122223333';

  test.each([
    ['database.existing.clusterArn', arn(`rds:${here}:db:shared-1`), 'must be the ARN of a database cluster'],
    ['database.existing.clusterArn', arn(`sqs:${here}:cluster`), 'must be the ARN of a database cluster'],
    [
      'database.existing.secret.arn',
      arn(`secretsmanager:${here}:secret:shared`),
      'must be the ARN of a secret',
    ],
    ['database.existing.secret.arn', 'shared', 'must be the ARN of a secret'],
    ['alarms.topicArn', arn(`sqs:${here}:alarms`), 'must be the ARN of a standard topic'],
    ['alarms.topicArn', arn(`sns:${here}:alarms.fifo`), 'must be the ARN of a standard topic'],
    ['money.apiKeySecret.kmsKeyArn', arn(`kms:${here}:alias/money`), 'must be the ARN of a key'],
    [
      'money.apiKeySecret.name',
      arn(`secretsmanager:${here}:secret:money-AbCdEf`),
      'must be a name: of the ARN, what is between `secret:` and the last six characters with their hyphen',
    ],
    ['money.apiKeySecret.name', 'two words', 'must be the name of a secret'],
  ] as const)('is refused as %s: %s', (field, value, expected) => {
    const found = problems(checkConfig({ ...DEFAULT_STAGES.dev, ...there[field](value) }));

    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`stage dev: ${field}: ${expected}`);
  });

  test.each([
    ['database.existing.clusterArn', arn(`rds:${here}:cluster:shared-1`)],
    ['database.existing.secret.arn', arn(`secretsmanager:${here}:secret:rds!cluster-01-ab-AbCdEf`)],
    ['alarms.topicArn', 'arn:aws-us-gov:sns:us-gov-west-1:111122223333:Team_alarms'],
    ['money.apiKeySecret.kmsKeyArn', arn(`kms:${here}:key/mrk-0123`)],
    ['money.apiKeySecret.name', 'payments/money@2'],
  ] as const)('is taken as %s: %s', (field, value) => {
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, ...there[field](value) }))).toEqual([]);
  });

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
      checkConfig({ ...DEFAULT_STAGES.dev, network: { existing: { ...existingVpc, ...change } } }),
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
    ['a secret without a Redis', { authTokenSecret: { name: 'shared/redis' } }, /^redis\.existing\.url: /],
  ])('of Redis is refused by name: %s', (_, existing, expected) => {
    const found = problems(
      checkConfig({ ...DEFAULT_STAGES.dev, redis: { ...DEFAULT_STAGES.dev.redis, existing } }),
    );

    expect(found).toHaveLength(1);
    expect(found[0]?.replace('stage dev: ', '')).toMatch(expected);
    expect(found[0]).not.toContain('secret@');
  });

  test('is reached in ranges of addresses alone', () => {
    const money = { ...DEFAULT_STAGES.dev.money, cidrs: ['money-api.internal'] };
    expect(problems(checkConfig({ ...DEFAULT_STAGES.dev, money }))).toEqual([
      expect.stringMatching(/^stage dev: money\.cidrs\.0: must be a range/),
    ]);
  });
});
