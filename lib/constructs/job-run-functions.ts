import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Schedule, ScheduleExpression, ScheduleGroup, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  beginJobRunEnvironment,
  endJobRunEnvironment,
  reconcileJobRunsEnvironment,
} from '../../schema/environment.ts';
import { JOB_NAMES } from '../../schema/jobs.ts';
import type { Config } from '../config.ts';
import { EVENTS_ARE_BUT_QUICK, acknowledge } from './acknowledge.ts';
import type { AlertTopic } from './alert-topic.ts';
import type { DatabaseAccess } from './database-access.ts';
import { grantObserveExecutions } from './execution-access.ts';
import { jobMachineName } from './job-machine-name.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { schedulerRole } from './scheduler-role.ts';

export interface JobRunFunctionsProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly alertTopic: AlertTopic;
}

const TIMEOUT = Duration.minutes(5);

/**
 * The functions that begin, end and look after the runs of every job. Runs are compared with their executions when one
 * has ended otherwise than by its last state, and every five minutes: the event is best effort.
 */
export class JobRunFunctions extends Construct {
  readonly beginJobRun: PipelineFunction;
  readonly endJobRun: PipelineFunction;
  readonly reconcileJobRuns: PipelineFunction;

  constructor(scope: Construct, id: string, { config, database, alertTopic }: JobRunFunctionsProps) {
    super(scope, id);
    const bindings = [database.transactions, alertTopic.publisher];
    const shared = { config, environment: { STAGE: config.stage }, timeout: TIMEOUT };

    this.beginJobRun = new PipelineFunction(this, 'BeginJobRun', {
      ...shared,
      entry: 'lambdas/jobs/begin-job-run.lambda.ts',
      description: 'Begins a run of a job, or goes on with one that was left undone',
      environmentSchema: beginJobRunEnvironment,
      bindings,
    });
    this.endJobRun = new PipelineFunction(this, 'EndJobRun', {
      ...shared,
      entry: 'lambdas/jobs/end-job-run.lambda.ts',
      description: 'Sums up what a run of a job came to, and tells it',
      environmentSchema: endJobRunEnvironment,
      bindings,
    });
    this.reconcileJobRuns = new PipelineFunction(this, 'ReconcileJobRuns', {
      ...shared,
      entry: 'lambdas/jobs/reconcile-job-runs.lambda.ts',
      description: 'Ends runs of jobs whose execution is over, and tells what is not told yet',
      environmentSchema: reconcileJobRunsEnvironment,
      bindings,
    });
    // Their machines are in other stacks, and named before they are made.
    for (const asking of [this.beginJobRun, this.reconcileJobRuns]) {
      for (const jobName of JOB_NAMES) grantObserveExecutions(asking, jobMachineName(config, jobName));
    }
    this.whenAnExecutionEnded(config);
    this.everyFiveMinutes(config);
  }

  private whenAnExecutionEnded(config: Config): void {
    const stack = Stack.of(this);
    const rule = new Rule(this, 'ExecutionEnded', {
      ruleName: `grantline-${config.stage}-job-run-ended`,
      description: 'An execution of a job ended without finishing its run',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: JOB_NAMES.map((jobName) =>
            stack.formatArn({
              service: 'states',
              resource: 'stateMachine',
              resourceName: jobMachineName(config, jobName),
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          ),
          status: ['ABORTED', 'FAILED', 'TIMED_OUT'],
        },
      },
      targets: [new LambdaFunction(this.reconcileJobRuns)],
    });
    acknowledge(rule, 'Serverless-EventBusDLQ', EVENTS_ARE_BUT_QUICK);
  }

  private everyFiveMinutes(config: Config): void {
    const name = `grantline-${config.stage}-reconcile-job-runs`;
    const group = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: name,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = schedulerRole(this, 'SchedulerRole', {
      group,
      description: `Invokes ${name} on schedule`,
    });
    new Schedule(this, 'EveryFiveMinutes', {
      scheduleName: name,
      scheduleGroup: group,
      description: 'Compares runs of jobs with their executions',
      schedule: ScheduleExpression.rate(Duration.minutes(5)),
      timeWindow: TimeWindow.off(),
      target: new LambdaInvoke(this.reconcileJobRuns, {
        role,
        // The next time asks again: a late call would only pile up on it.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(5),
      }),
    });
  }
}
