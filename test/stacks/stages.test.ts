/** What holds of every resource of a stage, whatever stack it is in. */
import { CfnResource, TagManager } from 'aws-cdk-lib/core';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { checkConfig } from '../../lib/config.ts';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';
import { makeConfig, synthesise, unbundledApp } from './synthesised.ts';

const stageNames = ['dev', 'staging', 'prod'] as const;

const resource = z.looseObject({
  Type: z.string(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const trust = z.looseObject({ Statement: z.array(z.looseObject({ Condition: z.unknown() })).min(1) });
const template = z.looseObject({ Resources: z.record(z.string(), resource) });

function resourcesOf(stage: (typeof stageNames)[number]) {
  return Object.entries(synthesise(makeConfig({ stage }))).flatMap(
    ([stack, synthesised]: [string, Template]) =>
      Object.entries(template.parse(synthesised.toJSON()).Resources).map(([id, each]) => ({
        ...each,
        name: `${stack}/${id}`,
      })),
  );
}

describe('tags', () => {
  const app = unbundledApp();
  grantlineStacks(
    app,
    makeConfig({ stage: 'prod', tags: { costCentre: '4711', owner: 'payments@example.com' } }),
  );
  app.synth();
  const taggable = app.node
    .findAll()
    .filter((node) => CfnResource.isCfnResource(node) && TagManager.isTaggable(node));

  test('are on everything that takes them', () => {
    // CDK's deploy-time functions are made of plain resources, which it does not know to take tags.
    expect(taggable.length).toBeGreaterThan(150);
    for (const node of taggable) {
      if (!TagManager.isTaggable(node)) continue;
      expect(node.tags.tagValues(), node.node.path).toMatchObject({
        project: 'grantline',
        stage: 'prod',
        'cost-centre': '4711',
        owner: 'payments@example.com',
      });
    }
  });

  test('name nobody where nobody is named', () => {
    const queues = resourcesOf('dev').filter(({ Type }) => Type === 'AWS::SQS::Queue');

    expect(queues.length).toBeGreaterThan(3);
    for (const { Properties } of queues) {
      expect(Properties['Tags']).toEqual([
        { Key: 'project', Value: 'grantline' },
        { Key: 'stage', Value: 'dev' },
      ]);
    }
  });

  test.each([
    ['a value that no service takes', { owner: 'a,b' }, /^stage dev: tags\.owner: must be/],
    ['a name that is unknown', { costCenter: '1' }, /^stage dev: tags: Unrecognized key: "costCenter"/],
  ])('%s is refused', (_name, tags, expected) => {
    const outcome = checkConfig({ ...DEFAULT_STAGES.dev, tags });

    expect(outcome.ok ? [] : outcome.problems).toEqual([expect.stringMatching(expected)]);
  });
});

describe.each(stageNames)('in %s', (stage) => {
  const resources = resourcesOf(stage);

  test('every log group is kept as long as the stage says', () => {
    const groups = resources.filter(({ Type }) => Type === 'AWS::Logs::LogGroup');

    // A machine, a function, the HTTP API and the VPC each have theirs.
    expect(groups.length).toBeGreaterThan(30);
    for (const { name, Properties } of groups) {
      expect(Properties['RetentionInDays'], name).toBe(DEFAULT_STAGES[stage].logRetentionDays);
    }
  });

  test('every function and every machine logs to such a group', () => {
    const logging = {
      'AWS::Lambda::Function': 'LoggingConfig',
      'AWS::StepFunctions::StateMachine': 'LoggingConfiguration',
    };
    const logged = resources.flatMap(({ Type, Properties, name }) =>
      Object.entries(logging)
        .filter(([type]) => type === Type)
        .map(([, property]) => ({ name, where: JSON.stringify(Properties[property]) })),
    );

    expect(logged.length).toBeGreaterThan(30);
    for (const { name, where } of logged) expect(where, name).toMatch(/Logs[0-9A-F]{8}/);
  });

  test(`stacks ${stage === 'dev' ? 'may' : 'may not'} be removed`, () => {
    const stacks = Object.values(grantlineStacks(unbundledApp(), makeConfig({ stage })));

    expect(stacks.length).toBeGreaterThan(8);
    for (const stack of stacks) expect(stack.terminationProtection, stack.stackName).toBe(stage !== 'dev');
  });

  test('what is kept goes with a deployment that failed to make it, and leaves its name to the next', () => {
    const kept = resources.filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'));
    // A version of a function has no name to be taken.
    const others = kept.filter(({ Type }) => Type !== 'AWS::Lambda::Version');

    expect(others.length).toBeGreaterThan(stage === 'dev' ? -1 : 40);
    for (const { name, DeletionPolicy, UpdateReplacePolicy } of others) {
      expect([DeletionPolicy, UpdateReplacePolicy], name).toEqual(['RetainExceptOnCreate', 'Retain']);
    }
  });

  test('EventBridge Scheduler may assume a role for the schedules of one group of the account alone', () => {
    const trusting = resources.filter(
      ({ Type, Properties }) =>
        Type === 'AWS::IAM::Role' &&
        JSON.stringify(Properties['AssumeRolePolicyDocument']).includes('scheduler.amazonaws.com'),
    );

    expect(trusting.length).toBeGreaterThan(5);
    for (const { name, Properties } of trusting) {
      const { Statement } = trust.parse(Properties['AssumeRolePolicyDocument']);
      for (const { Condition } of Statement) {
        expect(Condition, name).toEqual({
          StringEquals: {
            'aws:SourceAccount': { Ref: 'AWS::AccountId' },
            'aws:SourceArn': { 'Fn::GetAtt': [expect.stringMatching(/Group[0-9A-F]{8}$/), 'Arn'] },
          },
        });
      }
    }
  });

  test(`alarms tell ${stage === 'prod' ? 'somebody' : 'nobody'}`, () => {
    const alarms = resources.filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');

    expect(alarms.length).toBeGreaterThan(10);
    for (const { name, Properties } of alarms) {
      expect(Properties['ActionsEnabled'], name).toBe(stage === 'prod');
      expect(Properties['AlarmActions'], name).toHaveLength(1);
    }
  });
});

describe('dev goes with one command', () => {
  const resources = resourcesOf('dev');

  test('which leaves no resource and no snapshot behind', () => {
    for (const { name, DeletionPolicy, UpdateReplacePolicy } of resources) {
      expect([undefined, 'Delete'], name).toContain(DeletionPolicy);
      expect([undefined, 'Delete'], name).toContain(UpdateReplacePolicy);
    }
  });

  test('of the cluster neither, of which CloudFormation takes a snapshot when nothing is said', () => {
    const policies = resources
      .filter(({ Type }) => Type === 'AWS::RDS::DBCluster')
      .map(({ DeletionPolicy }) => DeletionPolicy);

    expect(policies).toEqual(['Delete']);
  });

  test('nor a key for longer than KMS insists on', () => {
    const keys = resources.filter(({ Type }) => Type === 'AWS::KMS::Key');

    expect(keys).toHaveLength(2);
    for (const { name, Properties } of keys) expect(Properties['PendingWindowInDays'], name).toBe(7);
    for (const { name, Properties } of resourcesOf('prod').filter(({ Type }) => Type === 'AWS::KMS::Key')) {
      expect(Properties['PendingWindowInDays'], name).toBeUndefined();
    }
  });

  test('and nothing refuses to go', () => {
    const refusing = resources.filter(({ Properties }) =>
      ['DeletionProtection', 'DeletionProtectionEnabled'].some((name) => Properties[name] === true),
    );

    expect(refusing).toEqual([]);
  });
});
