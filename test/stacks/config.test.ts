import { describe, expect, test } from 'vitest';
import { STAGES } from '../../config/stages.ts';
import { checkConfig, readConfig } from '../../lib/config.ts';
import { defaultGrantConcurrency } from '../../lib/grant-concurrency.ts';

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
