import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Grant, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression, ScheduleGroup, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { reconcileCampaignsEnvironment } from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import {
  EVENTS_ARE_BUT_QUICK,
  NAMED_AT_RUN_TIME,
  acknowledge,
  nagArn,
  resourceWildcard,
} from './acknowledge.ts';
import type { AlertTopic } from './alert-topic.ts';
import type { Binding } from './binding.ts';
import type { CampaignRunMachine } from './campaign-run-machine.ts';
import type { DatabaseAccess } from './database-access.ts';
import { gaugesAccess } from './gauges-access.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { schedulerRole } from './scheduler-role.ts';

export interface CampaignReconcilerProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly alertTopic: AlertTopic;
  readonly campaignRun: CampaignRunMachine;
}

/**
 * Keeps executions, schedules and rows in step: compared every minute, and when an execution ended otherwise than by
 * its last state. The event is best effort, the minute is what is relied on.
 */
export class CampaignReconciler extends Construct {
  readonly reconcileCampaigns: PipelineFunction;

  constructor(scope: Construct, id: string, props: CampaignReconcilerProps) {
    super(scope, id);
    const { config, database, alertTopic, campaignRun } = props;
    const reservations = new Reservations(this, 'Reservations', { config, campaignRun });
    this.reconcileCampaigns = new PipelineFunction(this, 'ReconcileCampaigns', {
      config,
      entry: 'lambdas/campaign-grant/reconcile-campaigns.lambda.ts',
      description: 'Makes executions and schedules equal to what the rows say',
      environmentSchema: reconcileCampaignsEnvironment,
      bindings: [
        database.transactions,
        alertTopic.publisher,
        campaignRun.starter,
        campaignRun.observer,
        reservations,
        gaugesAccess(config),
      ],
      environment: {},
      timeout: Duration.minutes(15),
    });
    this.everyMinute(config);
    this.whenAnExecutionEnded(config, campaignRun);
  }

  /** At once, by the function that each minute keeps warm: a stop must hold within two seconds. */
  private whenAnExecutionEnded(config: Config, campaignRun: CampaignRunMachine): void {
    const rule = new Rule(this, 'ExecutionEnded', {
      ruleName: `grantline-${config.stage}-campaign-run-ended`,
      description: 'An execution of CampaignRun ended without finishing its campaign',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [campaignRun.stateMachine.stateMachineArn],
          status: ['ABORTED', 'FAILED', 'TIMED_OUT'],
        },
      },
      targets: [new LambdaFunction(this.reconcileCampaigns)],
    });
    acknowledge(rule, 'Serverless-EventBusDLQ', EVENTS_ARE_BUT_QUICK);
  }

  private everyMinute(config: Config): void {
    const name = `grantline-${config.stage}-reconcile`;
    const group = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: name,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = schedulerRole(this, 'SchedulerRole', {
      group,
      description: `Invokes ${this.reconcileCampaigns.functionName} on schedule`,
    });
    new Schedule(this, 'EveryMinute', {
      scheduleName: `${name}-every-minute`,
      scheduleGroup: group,
      description: 'Compares executions and schedules with the rows',
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      timeWindow: TimeWindow.off(),
      target: new LambdaInvoke(this.reconcileCampaigns, {
        role,
        // The next minute asks again: a late call would only pile up on it.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    });
  }
}

/** Where the one-time schedules of the reservations are, made at run time, and the role with which they start. */
class Reservations
  extends Construct
  implements Binding<'RESERVATION_SCHEDULE_GROUP' | 'RESERVATION_SCHEDULE_ROLE_ARN'>
{
  readonly environment;
  private readonly groupName: string;
  private readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    { config, campaignRun }: Pick<CampaignReconcilerProps, 'config' | 'campaignRun'>,
  ) {
    super(scope, id);
    this.groupName = `grantline-${config.stage}-reservations`;
    const group = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: this.groupName,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = schedulerRole(this, 'Role', {
      group,
      description: 'Starts the campaign of a reservation',
    });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: [campaignRun.stateMachine.stateMachineArn],
      }),
    );
    this.environment = {
      RESERVATION_SCHEDULE_GROUP: this.groupName,
      RESERVATION_SCHEDULE_ROLE_ARN: this.role.roleArn,
    };
  }

  grantTo(grantee: IFunction): void {
    const stack = Stack.of(this);
    const schedules = stack.formatArn({
      service: 'scheduler',
      resource: 'schedule',
      resourceName: `${this.groupName}/*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    Grant.addToPrincipal({
      grantee,
      actions: ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'],
      resourceArns: [schedules],
    }).assertSuccess();
    Grant.addToPrincipal({
      grantee,
      actions: ['scheduler:ListSchedules'],
      resourceArns: ['*'],
    }).assertSuccess();
    grantee.addToRolePolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [this.role.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      }),
    );
    if (grantee.role) {
      acknowledge(
        grantee.role,
        resourceWildcard(nagArn(grantee, 'scheduler', `schedule/${this.groupName}/*`)),
        NAMED_AT_RUN_TIME,
      );
    }
  }
}
