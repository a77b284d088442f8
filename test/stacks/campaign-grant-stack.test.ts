import { Match } from 'aws-cdk-lib/assertions';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { GRANT_BATCH_SECONDS } from '../../schema/grant-batch.ts';
import * as schemas from '../../schema/environment.ts';
import { METRIC_NAMESPACE } from '../../schema/metrics.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const { campaignGrant, data } = synthesise(makeConfig());

const functionResource = z.looseObject({
  Properties: z.looseObject({
    FunctionName: z.string(),
    Runtime: z.string(),
    Architectures: z.array(z.string()),
    Timeout: z.number(),
    ReservedConcurrentExecutions: z.number().optional(),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
    TracingConfig: z.unknown(),
    LoggingConfig: z.unknown(),
    VpcConfig: z.unknown().optional(),
  }),
});
type LambdaFunction = z.infer<typeof functionResource>['Properties'] & { readonly logicalId: string };

/** Our functions, by the name of their step; CDK's own have no name. */
function functionsOf(...templates: Template[]): Map<string, LambdaFunction> {
  const found = new Map<string, LambdaFunction>();
  for (const template of templates) {
    for (const [logicalId, resource] of Object.entries(template.findResources('AWS::Lambda::Function'))) {
      const parsed = functionResource.safeParse(resource);
      if (!parsed.success) continue;
      const { Properties: properties } = parsed.data;
      found.set(properties.FunctionName.replace('grantline-dev-', ''), { ...properties, logicalId });
    }
  }
  return found;
}

const functions = functionsOf(campaignGrant, data);

function functionOf(step: string): LambdaFunction {
  const found = functions.get(step);
  if (!found) throw new Error(`There is no function ${step}`);
  return found;
}

const mappingResource = z.looseObject({
  Properties: z.object({
    BatchSize: z.number(),
    EventSourceArn: z.object({ 'Fn::GetAtt': z.array(z.string()) }),
    FunctionName: z.object({ Ref: z.string() }),
    FunctionResponseTypes: z.array(z.string()),
    ScalingConfig: z.object({ MaximumConcurrency: z.number() }),
  }),
});

function mappingOf(template: Template, consumer: LambdaFunction) {
  const mappings = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'));
  const found = mappings
    .map((mapping) => mappingResource.parse(mapping).Properties)
    .find((mapping) => mapping.FunctionName.Ref === consumer.logicalId);
  if (!found) throw new Error(`Nothing feeds ${consumer.FunctionName}`);
  return found;
}

const queueResource = z.looseObject({ Properties: z.looseObject({ VisibilityTimeout: z.number() }) });

function queueBehind(template: Template, consumer: LambdaFunction) {
  const [logicalId = ''] = mappingOf(template, consumer).EventSourceArn['Fn::GetAtt'];
  const queue = template.findResources('AWS::SQS::Queue')[logicalId];
  return { logicalId, properties: queueResource.parse(queue).Properties };
}

const policyResource = z.looseObject({
  Properties: z.looseObject({
    PolicyDocument: z.object({
      Statement: z.array(
        z.looseObject({
          Effect: z.string(),
          Action: z.union([z.string().transform((action) => [action]), z.array(z.string())]),
          Resource: z.unknown(),
          Condition: z.unknown().optional(),
        }),
      ),
    }),
  }),
});

/** What one function may do, one action after the other: on which resource, under which condition. */
function rightsOf(consumer: LambdaFunction) {
  return policiesOf(consumer)
    .flatMap((policy) => policyResource.parse(policy).Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource, Condition }) =>
      Action.map((action) => ({ action, resource: JSON.stringify(Resource), condition: Condition })),
    );
}

/** The statements that one function's role has, besides what every function has. */
function statementsOf(consumer: LambdaFunction): string {
  return JSON.stringify(policiesOf(consumer));
}

function policiesOf(consumer: LambdaFunction): unknown[] {
  const role = z.object({ Role: z.object({ 'Fn::GetAtt': z.array(z.string()) }) }).parse(consumer).Role[
    'Fn::GetAtt'
  ][0];
  return Object.values(
    campaignGrant.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } }),
  );
}

const STEPS: readonly (readonly [step: string, schema: z.ZodObject])[] = [
  ['migrate', schemas.migrateEnvironment],
  ['begin-campaign', schemas.beginCampaignEnvironment],
  ['publish-partition', schemas.publishPartitionEnvironment],
  ['grant-rewards', schemas.grantRewardsEnvironment],
  ['collect-dead-letters', schemas.collectDeadLettersEnvironment],
  ['track-progress', schemas.trackProgressEnvironment],
  ['finish-campaign', schemas.finishCampaignEnvironment],
  ['wait-for-turn', schemas.waitForTurnEnvironment],
  ['redrive-dead-letters', schemas.redriveDeadLettersEnvironment],
  ['reconcile-campaigns', schemas.reconcileCampaignsEnvironment],
];

describe('every function', () => {
  test('is known here', () => {
    expect([...functions.keys()].sort()).toEqual(STEPS.map(([step]) => step).sort());
  });

  test.each(STEPS)('%s is given exactly the variables that its handler parses', (step, schema) => {
    const { NODE_OPTIONS: nodeOptions, ...variables } = functionOf(step).Environment.Variables;
    expect(nodeOptions).toBe('--enable-source-maps');
    expect(Object.keys(variables).sort()).toEqual(Object.keys(schema.shape).sort());
  });

  test.each(STEPS)('%s runs on Node 24 and arm64, traced, with a log group of its own', (step) => {
    expect(functionOf(step)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
    });
    const { Ref: logGroup } = z
      .object({ LogGroup: z.object({ Ref: z.string() }) })
      .parse(functionOf(step).LoggingConfig).LogGroup;
    const properties = { LogGroupName: `/aws/lambda/grantline-dev-${step}`, RetentionInDays: 7 };
    const groups = [campaignGrant, data].flatMap((template) =>
      Object.keys(template.findResources('AWS::Logs::LogGroup', { Properties: properties })),
    );
    expect(groups).toEqual([logGroup]);
  });

  test.each(STEPS)('%s is in the VPC exactly when it needs Redis or the Money API', (step, schema) => {
    const needsNetwork = ['REDIS_URL', 'MONEY_API_URL'].some((name) => name in schema.shape);
    expect(functionOf(step).VpcConfig !== undefined).toBe(needsNetwork);
  });
});

describe.each([
  ['grant-rewards', 4],
  ['collect-dead-letters', 2],
])('what feeds %s', (step, concurrency) => {
  const consumer = functionOf(step);

  test('asks for as many environments as are reserved', () => {
    expect(consumer.ReservedConcurrentExecutions).toBe(concurrency);
    expect(mappingOf(campaignGrant, consumer)).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: concurrency },
    });
  });

  test('hides a message for six times what a batch may take, and no shorter than the function may run', () => {
    const { properties } = queueBehind(campaignGrant, consumer);
    expect(properties.VisibilityTimeout).toBe(6 * GRANT_BATCH_SECONDS);
    expect(properties.VisibilityTimeout).toBeGreaterThanOrEqual(consumer.Timeout);
  });

  test('is a high-throughput FIFO queue, encrypted, by TLS alone', () => {
    const { logicalId, properties } = queueBehind(campaignGrant, consumer);
    expect(properties).toMatchObject({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      SqsManagedSseEnabled: true,
    });
    campaignGrant.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: logicalId }],
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Effect: 'Deny',
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ],
      },
    });
  });
});

describe('the dead-letter queue', () => {
  const queue = queueBehind(campaignGrant, functionOf('grant-rewards'));
  const deadLetters = queueBehind(campaignGrant, functionOf('collect-dead-letters'));

  test('takes what the grant queue gave up', () => {
    expect(queue.properties).toMatchObject({
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters.logicalId, 'Arn'] },
        // Outages are waited out by receiving a message ever more rarely: it takes days to use these up.
        maxReceiveCount: 1000,
      },
    });
  });

  test('keeps it for 14 days', () => {
    expect(deadLetters.properties).toMatchObject({ MessageRetentionPeriod: 14 * 24 * 3600 });
  });

  test('serves the grant queue alone', () => {
    expect(deadLetters.properties).toMatchObject({ RedriveAllowPolicy: { redrivePermission: 'byQueue' } });
    const name = z.string().parse(queue.properties['QueueName']);
    expect(JSON.stringify(deadLetters.properties['RedriveAllowPolicy'])).toContain(`:${name}"`);
  });
});

describe('the ceiling', () => {
  const slow = synthesise(makeConfig({ money: { apiUrl: 'https://money.internal', tps: 60 } })).campaignGrant;
  const grantRewards = functionsOf(slow).get('grant-rewards');

  test('is one number for the variables, the reservation and the mapping', () => {
    if (!grantRewards) throw new Error('There is no function grant-rewards');
    expect(grantRewards.ReservedConcurrentExecutions).toBe(2);
    expect(grantRewards.Environment.Variables).toMatchObject({ MONEY_TPS: '60', GRANT_CONCURRENCY: '2' });
    expect(mappingOf(slow, grantRewards).ScalingConfig.MaximumConcurrency).toBe(2);
  });

  test('bounds the backlog to a minute of work', () => {
    expect(functionsOf(slow).get('publish-partition')?.Environment.Variables).toMatchObject({
      BACKLOG_LIMIT: '3600',
    });
  });
});

describe('rights', () => {
  test.each([
    ['publish-partition', ['sqs:GetQueueAttributes', 'sqs:SendMessage']],
    ['begin-campaign', []],
    ['track-progress', ['sqs:GetQueueAttributes']],
    ['wait-for-turn', []],
    ['finish-campaign', []],
    ['redrive-dead-letters', []],
    ['reconcile-campaigns', []],
  ])('of %s on the queue are what it does', (step, actions) => {
    expect(statementsOf(functionOf(step)).match(/sqs:\w+/g) ?? []).toEqual(actions);
  });

  test('to read the Money API key has grant-rewards alone', () => {
    const [secret = ''] = Object.keys(campaignGrant.findResources('AWS::SecretsManager::Secret'));
    const readers = STEPS.map(([step]) => step).filter(
      (step) => step !== 'migrate' && statementsOf(functionOf(step)).includes(secret),
    );
    expect(readers).toEqual(['grant-rewards']);
  });

  test('to put metrics of our namespace, and of no other, have track-progress and reconcile-campaigns alone', () => {
    const puts = STEPS.map(([step]) => step)
      .filter((step) => step !== 'migrate')
      .flatMap((step) =>
        rightsOf(functionOf(step))
          .filter(({ action }) => action.startsWith('cloudwatch:'))
          .map(({ action, condition }) => ({ step, action, condition })),
      );
    const condition = { StringEquals: { 'cloudwatch:namespace': METRIC_NAMESPACE } };
    expect(puts).toEqual([
      { step: 'track-progress', action: 'cloudwatch:PutMetricData', condition },
      { step: 'reconcile-campaigns', action: 'cloudwatch:PutMetricData', condition },
    ]);
  });

  test('to start a campaign have reconcile-campaigns and redrive-dead-letters alone', () => {
    const starters = STEPS.map(([step]) => step).filter(
      (step) => step !== 'migrate' && statementsOf(functionOf(step)).includes('states:StartExecution'),
    );
    expect(starters.sort()).toEqual(['reconcile-campaigns', 'redrive-dead-letters']);
  });
});

describe('the Money API key', () => {
  test('is a secret of the stage, to be filled in', () => {
    campaignGrant.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'grantline/dev/MONEY_API_KEY',
    });
  });

  test('that exists is used by its name', () => {
    const money = { apiUrl: 'https://money.internal', tps: 100, apiKeySecret: { name: 'payments/money' } };
    const other = synthesise(makeConfig({ money })).campaignGrant;
    other.resourceCountIs('AWS::SecretsManager::Secret', 0);
    const variables = functionsOf(other).get('grant-rewards')?.Environment.Variables;
    expect(JSON.stringify(variables?.['MONEY_API_KEY_SECRET_ARN'])).toContain(':secret:payments/money');
  });
});

describe('the reconciler', () => {
  const reconciler = functionOf('reconcile-campaigns');
  const [machine = ''] = Object.keys(
    campaignGrant.findResources('AWS::StepFunctions::StateMachine', {
      Properties: { StateMachineName: 'grantline-dev-campaign-run' },
    }),
  );

  test('compares everything every minute; a late call is not made up for', () => {
    campaignGrant.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: Match.objectLike({
        Arn: { 'Fn::GetAtt': [reconciler.logicalId, 'Arn'] },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      }),
    });
  });

  test('may do what it does, and nothing beyond', () => {
    const actions = rightsOf(reconciler).map(({ action }) => action);
    expect(actions.filter((action) => !/^(logs|xray|rds-data|secretsmanager):/.test(action)).sort()).toEqual([
      'cloudwatch:PutMetricData',
      'iam:PassRole',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'scheduler:CreateSchedule',
      'scheduler:DeleteSchedule',
      'scheduler:ListSchedules',
      'sns:Publish',
      'states:DescribeExecution',
      'states:StartExecution',
    ]);
  });

  test('may do on everything only what has no resource-level permission', () => {
    const onEverything = rightsOf(reconciler).filter(({ resource }) => resource === '"*"');
    expect(onEverything.map(({ action }) => action).sort()).toEqual([
      'cloudwatch:PutMetricData',
      'scheduler:ListSchedules',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('has wildcards for the executions of this machine and the schedules of this group alone', () => {
    const wildcards = rightsOf(reconciler).filter(
      ({ resource }) => resource !== '"*"' && resource.includes('*'),
    );
    expect(wildcards.map(({ action }) => action).sort()).toEqual([
      'scheduler:CreateSchedule',
      'scheduler:DeleteSchedule',
      'states:DescribeExecution',
    ]);
    for (const { action, resource } of wildcards) {
      if (action === 'states:DescribeExecution') {
        expect(resource).toContain(':execution:');
        expect(resource).toContain(`{"Ref":"${machine}"}`);
      } else expect(resource).toContain(':schedule/grantline-dev-reservations/*');
    }
  });

  test('starts executions of CampaignRun and of no other machine', () => {
    const starts = rightsOf(reconciler).filter(({ action }) => action === 'states:StartExecution');
    expect(starts.map(({ resource }) => resource)).toEqual([JSON.stringify({ Ref: machine })]);
  });

  test('passes one role, to Scheduler alone; that role starts CampaignRun and does nothing else', () => {
    const [pass, ...more] = rightsOf(reconciler).filter(({ action }) => action === 'iam:PassRole');
    expect(more).toEqual([]);
    expect(pass?.condition).toEqual({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } });
    const { 'Fn::GetAtt': role } = z
      .object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) })
      .parse(JSON.parse(pass?.resource ?? ''));
    const variables = z.looseObject({ RESERVATION_SCHEDULE_ROLE_ARN: z.unknown() });
    expect(variables.parse(reconciler.Environment.Variables).RESERVATION_SCHEDULE_ROLE_ARN).toEqual({
      'Fn::GetAtt': role,
    });
    campaignGrant.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Principal: { Service: 'scheduler.amazonaws.com' } })],
      }),
      Description: 'Starts the campaign of a reservation',
    });
    const policies = campaignGrant.findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: role[0] }] },
    });
    expect(
      Object.values(policies).flatMap(
        (policy) => policyResource.parse(policy).Properties.PolicyDocument.Statement,
      ),
    ).toEqual([{ Effect: 'Allow', Action: ['states:StartExecution'], Resource: { Ref: machine } }]);
  });

  test('is told the group of the reservations, which is there', () => {
    const variables = reconciler.Environment.Variables;
    campaignGrant.hasResourceProperties('AWS::Scheduler::ScheduleGroup', {
      Name: variables['RESERVATION_SCHEDULE_GROUP'],
    });
    expect(variables['CAMPAIGN_RUN_ARN']).toEqual({ Ref: machine });
  });

  test('compares at once when an execution ended without finishing its campaign', () => {
    campaignGrant.resourceCountIs('AWS::Events::Rule', 1);
    campaignGrant.hasResourceProperties('AWS::Events::Rule', {
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [{ Ref: machine }], status: ['ABORTED', 'FAILED', 'TIMED_OUT'] },
      },
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [reconciler.logicalId, 'Arn'] } })],
    });
    campaignGrant.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [reconciler.logicalId, 'Arn'] },
      Principal: 'events.amazonaws.com',
    });
  });
});

test('the operator is told the machines, the queues and who pays', () => {
  for (const name of [
    'CampaignRunArn',
    'RedriveArn',
    'GrantRewardsFunctionName',
    'GrantQueueUrl',
    'GrantDeadLetterQueueUrl',
  ])
    campaignGrant.hasOutput(name, {});
});
