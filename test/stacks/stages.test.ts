/** What holds of every resource of a stage, whatever stack it is in. */
import { CfnResource, TagManager } from 'aws-cdk-lib/core';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { STAGES } from '../../config/stages.ts';
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
    const outcome = checkConfig({ ...STAGES.dev, tags });

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
      expect(Properties['RetentionInDays'], name).toBe(STAGES[stage].logRetentionDays);
    }
  });

  test('every function and every machine logs to such a group', () => {
    const logging = {
      'AWS::Lambda::Function': 'LoggingConfig',
      'AWS::StepFunctions::StateMachine': 'LoggingConfiguration',
    };
    const named = resources.flatMap(({ Type, Properties, name }) =>
      Object.entries(logging)
        // CDK's deploy-time functions have no name and take no properties.
        .filter(
          ([type]) => type === Type && ('FunctionName' in Properties || 'StateMachineName' in Properties),
        )
        .map(([, property]) => ({ name, where: JSON.stringify(Properties[property]) })),
    );

    expect(named.length).toBeGreaterThan(30);
    for (const { name, where } of named) expect(where, name).toMatch(/Logs[0-9A-F]{8}/);
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

  test('and nothing refuses to go', () => {
    const refusing = resources.filter(({ Properties }) =>
      ['DeletionProtection', 'DeletionProtectionEnabled'].some((name) => Properties[name] === true),
    );

    expect(refusing).toEqual([]);
  });
});
