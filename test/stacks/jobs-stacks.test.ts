/** The functions of jobs, of point sync and of coupon stats. */
import { Match } from 'aws-cdk-lib/assertions';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { JOB_NAMES } from '../../schema/jobs.ts';
import * as schemas from '../../schema/environment.ts';
import { functionsOf, ownActionsOf, rightsOfRole } from './stack-functions.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const { jobs, pointSync, couponStats } = synthesise(makeConfig());

interface Step {
  readonly name: string;
  readonly of: Template;
  readonly schema: z.ZodObject;
  /** Beside the database, the logs and the traces. */
  readonly may: readonly string[];
  readonly seconds: number;
}

const TELLS = ['kms:Decrypt', 'kms:GenerateDataKey', 'sns:Publish'];
const STEPS: readonly Step[] = [
  {
    name: 'begin-job-run',
    of: jobs,
    schema: schemas.beginJobRunEnvironment,
    may: [...TELLS, 'states:DescribeExecution'],
    seconds: 300,
  },
  { name: 'end-job-run', of: jobs, schema: schemas.endJobRunEnvironment, may: TELLS, seconds: 300 },
  {
    name: 'reconcile-job-runs',
    of: jobs,
    schema: schemas.reconcileJobRunsEnvironment,
    may: [...TELLS, 'states:DescribeExecution'],
    seconds: 300,
  },
  { name: 'plan-ranges', of: pointSync, schema: schemas.planRangesEnvironment, may: [], seconds: 900 },
  { name: 'sync-balances', of: pointSync, schema: schemas.syncBalancesEnvironment, may: [], seconds: 900 },
  {
    name: 'sweep-gone-users',
    of: pointSync,
    schema: schemas.sweepGoneUsersEnvironment,
    may: [],
    seconds: 900,
  },
  {
    name: 'build-daily-report',
    of: pointSync,
    schema: schemas.buildDailyReportEnvironment,
    may: [],
    seconds: 900,
  },
  { name: 'plan-usage', of: couponStats, schema: schemas.planUsageEnvironment, may: [], seconds: 900 },
  {
    name: 'collect-stores',
    of: couponStats,
    schema: schemas.collectStoresEnvironment,
    may: [],
    seconds: 900,
  },
  {
    name: 'learn-districts',
    of: couponStats,
    schema: schemas.learnDistrictsEnvironment,
    may: [],
    seconds: 900,
  },
  {
    name: 'aggregate-usage',
    of: couponStats,
    schema: schemas.aggregateUsageEnvironment,
    may: [],
    seconds: 900,
  },
  { name: 'plan-pushes', of: couponStats, schema: schemas.planPushesEnvironment, may: [], seconds: 900 },
  {
    name: 'collect-members',
    of: couponStats,
    schema: schemas.collectMembersEnvironment,
    may: [],
    seconds: 900,
  },
  { name: 'send-pushes', of: couponStats, schema: schemas.sendPushesEnvironment, may: TELLS, seconds: 900 },
];

function functionOf({ name, of }: Pick<Step, 'name' | 'of'>) {
  const found = functionsOf(of).get(name);
  if (found === undefined) throw new Error(`There is no function ${name}`);
  return found;
}

test('every function is known here', () => {
  const names = [jobs, pointSync, couponStats].flatMap((template) => [...functionsOf(template).keys()]);
  expect(names.toSorted()).toEqual(STEPS.map(({ name }) => name).toSorted());
});

describe.each(STEPS)('$name', (step) => {
  const { of, schema, may, seconds } = step;
  const its = functionOf(step);

  test('is given exactly the variables that its handler parses', () => {
    const { NODE_OPTIONS: nodeOptions, ...variables } = its.Environment.Variables;
    expect(nodeOptions).toBe('--enable-source-maps');
    expect(Object.keys(variables).toSorted()).toEqual(Object.keys(schema.shape).toSorted());
  });

  test('is in the VPC exactly when it asks what is reached from there alone', () => {
    const inside = ['REDIS_URL', 'STORE_SERVICE_URL', 'NOTIFICATION_SERVICE_URL'];
    expect(its.VpcConfig !== undefined).toBe(inside.some((name) => name in schema.shape));
  });

  test(`has ${seconds} seconds`, () => {
    expect(its.Timeout).toBe(seconds);
  });

  test('runs on Node 24 and arm64, traced, with a log group of its own', () => {
    expect(its).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
    });
    of.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: `/aws/lambda/grantline-dev-${step.name}`,
      RetentionInDays: 7,
    });
  });

  test('may do what it does, and nothing beyond', () => {
    const beyond = ownActionsOf(of, its).filter((action) => !action.startsWith('ec2:'));
    expect(beyond).toEqual([...may].toSorted());
  });

  test('has a role of its own, and may do on everything only what has no resource-level permission', () => {
    const [role] = its.Role['Fn::GetAtt'];
    const sharing = [...functionsOf(of).values()].filter(({ Role }) => Role['Fn::GetAtt'][0] === role);
    expect(sharing).toHaveLength(1);
    const onEverything = rightsOfRole(of, role).filter(({ resource }) => resource === '"*"');
    for (const { action } of onEverything) expect(action).toMatch(/^(xray|ec2):/);
  });
});

describe('to ask how executions fare', () => {
  test.each(['begin-job-run', 'reconcile-job-runs'])('%s may of the machines of jobs alone', (name) => {
    const [role] = functionOf({ name, of: jobs }).Role['Fn::GetAtt'];
    const asked = rightsOfRole(jobs, role).filter(({ action }) => action === 'states:DescribeExecution');
    const executions = asked.flatMap(({ resource }) =>
      [...resource.matchAll(/:execution:([^"]+)"/g)].map(([, name]) => name),
    );
    expect(executions.toSorted()).toEqual(
      JOB_NAMES.map((jobName) => `grantline-dev-${jobName}:*`).toSorted(),
    );
    // Nothing else is among them.
    for (const { resource } of asked) expect(resource.match(/Fn::Join/g)).toHaveLength(JOB_NAMES.length);
  });

  test('nobody starts an execution from here', () => {
    for (const { name, of } of STEPS) {
      expect(ownActionsOf(of, functionOf({ name, of }))).not.toContain('states:StartExecution');
    }
  });
});

describe('runs are compared with their executions', () => {
  const reconciler = functionOf({ name: 'reconcile-job-runs', of: jobs });

  test('every five minutes; a late call is not made up for', () => {
    jobs.resourceCountIs('AWS::Scheduler::Schedule', 1);
    jobs.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(5 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: Match.objectLike({
        Arn: { 'Fn::GetAtt': [reconciler.logicalId, 'Arn'] },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 300 },
      }),
    });
  });

  test('at once when one of a job ended otherwise than well', () => {
    jobs.resourceCountIs('AWS::Events::Rule', 1);
    const [rule] = Object.values(jobs.findResources('AWS::Events::Rule'));
    jobs.hasResourceProperties('AWS::Events::Rule', {
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { status: ['ABORTED', 'FAILED', 'TIMED_OUT'] },
      },
      Targets: [Match.objectLike({ Arn: { 'Fn::GetAtt': [reconciler.logicalId, 'Arn'] } })],
    });
    for (const jobName of JOB_NAMES) {
      expect(JSON.stringify(rule)).toContain(`:stateMachine:grantline-dev-${jobName}"`);
    }
    jobs.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': [reconciler.logicalId, 'Arn'] },
      Principal: 'events.amazonaws.com',
    });
  });
});

describe('stacks', () => {
  test('of jobs know each other by names alone: an export would hold up the changes of the one that has it', () => {
    const exportsOf = (template: Template) =>
      Object.values(template.findOutputs('*'))
        .map((output: unknown) => JSON.stringify(output))
        .filter((output) => output.includes('"Export"'));
    expect(exportsOf(jobs)).toEqual([]);
    for (const template of [pointSync, couponStats]) {
      // For the HTTP API, which starts it: a machine keeps its ARN as long as its name.
      for (const exported of exportsOf(template)) {
        expect(exported).toMatch(/:ExportsOutputRef\w+StateMachine[0-9A-F]+"/);
      }
      expect(JSON.stringify(template.toJSON())).not.toMatch(/Jobs:Export/);
    }
  });

  test('of another stage have other names', () => {
    const staging = synthesise(makeConfig({ stage: 'staging' }));
    staging.pointSync.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'grantline-staging-point-sync',
    });
    expect(JSON.stringify(staging.jobs.toJSON())).not.toContain('grantline-dev-');
    for (const name of ['coupon-usage-stats', 'coupon-usage-stats-fcm-send']) {
      staging.couponStats.hasResourceProperties('AWS::StepFunctions::StateMachine', {
        StateMachineName: `grantline-staging-${name}`,
      });
    }
    expect(JSON.stringify(staging.pointSync.toJSON())).not.toContain('grantline-dev-');
    expect(JSON.stringify(staging.couponStats.toJSON())).not.toContain('grantline-dev-');
  });
});
