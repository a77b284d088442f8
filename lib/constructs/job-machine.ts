import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  ScheduleGroup,
  ScheduleTargetInput,
  TimeWindow,
} from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import {
  Choice,
  Condition,
  DefinitionBody,
  Errors,
  JsonPath,
  LogLevel,
  Map as MapState,
  StateMachine,
  StateMachineType,
  Succeed,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { Chain, INextable, IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Duration, RemovalPolicy, TimeZone } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { INVALID_INPUT, JOB_REFUSED, SERVICE_REFUSED } from '../../schema/errors.ts';
import { JOB_SCHEDULES } from '../../schema/jobs.ts';
import type { JobName } from '../../schema/jobs.ts';
import { TIME_ZONE } from '../config.ts';
import type { Config } from '../config.ts';
import { FunctionByName } from './function-by-name.ts';
import type { Binding } from './binding.ts';
import { grantObserveExecutions } from './execution-access.ts';
import { jobMachineName } from './job-machine-name.ts';
import type { JobRunFunctions } from './job-run-functions.ts';
import { logGroupFor } from './log-group.ts';
import { schedulerRole } from './scheduler-role.ts';

/** A step that goes through ranges of ids, several at once where there are several. */
export interface JobStep {
  /** As the state is called. */
  readonly name: string;
  /** Goes through one range, and says whether it is finished. */
  readonly walk: IFunction;
  /** Where the plan's output has its ranges. */
  readonly ranges: string;
}

export interface JobMachineProps {
  readonly config: Config;
  readonly jobName: JobName;
  readonly jobRunFunctions: Pick<JobRunFunctions, 'beginJobRun' | 'endJobRun'>;
  /** Cuts what there is to do into ranges. */
  readonly plan: { readonly name: string; readonly function: IFunction };
  readonly steps: readonly JobStep[];
}

/** Ranges that are gone through at the same time: more would only queue up at the database. */
const RANGES_AT_ONCE = 4;
/** design.md: three tries of a step. */
const TRIES = 3;

const JOB_RUN = JsonPath.objectAt('$.jobRun');

/**
 * A job as a state machine: BeginJobRun, a plan, steps over ranges, Notify. Each step is tried three times. The machine
 * catches nothing: a redrive goes on from the state that failed, and whoever compares runs with executions
 * (ReconcileJobRuns) ends the run of one that failed. The paths name the fields of schema/jobs.ts.
 */
export class JobMachine extends Construct {
  readonly stateMachine: StateMachine;
  /** As text, for who only looks at it. */
  readonly plainName: string;
  private readonly props: JobMachineProps;

  constructor(scope: Construct, id: string, props: JobMachineProps) {
    super(scope, id);
    this.props = props;
    const { config, jobName } = props;
    this.plainName = jobMachineName(config, jobName);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: this.plainName,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(this.definition()),
      tracingEnabled: true,
      logs: {
        destination: logGroupFor(this, 'Logs', config, `/aws/vendedlogs/states/${this.plainName}`),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    this.onSchedule();
  }

  /** For who starts it by hand, and asks whether it runs. @param variable by which functions know its ARN */
  operator<Variable extends string>(variable: Variable): Binding<Variable> {
    const { stateMachineArn } = this.stateMachine;
    const environment: Partial<Record<Variable, string>> = {};
    environment[variable] = stateMachineArn;
    return {
      environment: environment as Record<Variable, string>,
      grantTo: (grantee) => {
        Grant.addToPrincipal({
          grantee,
          actions: ['states:StartExecution'],
          resourceArns: [stateMachineArn],
        }).assertSuccess();
        grantObserveExecutions(grantee, this.plainName);
      },
    };
  }

  private definition(): IChainable {
    const { plan, steps } = this.props;
    let chain: Chain = this.begin().next(this.planning(plan));
    for (const step of steps) chain = chain.next(this.walking(step));
    return chain.next(this.notify());
  }

  private begin(): LambdaInvoke {
    const { jobName, jobRunFunctions } = this.props;
    const begin = LambdaInvoke.jsonPath(this, 'BeginJobRun', {
      lambdaFunction: new FunctionByName(this, jobRunFunctions.beginJobRun.plainName),
      payload: TaskInput.fromObject({
        jobName,
        executionId: JsonPath.executionId,
        input: JsonPath.entirePayload,
      }),
      resultSelector: { jobRun: JsonPath.objectAt('$.Payload') },
      retryOnServiceExceptions: false,
    });
    // Refused now is refused in five minutes too; the execution fails with the reason as its cause.
    begin.addRetry({ errors: [JOB_REFUSED, INVALID_INPUT], maxAttempts: 0 });
    return this.tried(begin);
  }

  private planning({ name, function: lambdaFunction }: JobMachineProps['plan']): LambdaInvoke {
    return this.tried(
      LambdaInvoke.jsonPath(this, name, {
        lambdaFunction,
        payload: TaskInput.fromObject({ jobRun: JOB_RUN }),
        resultSelector: { output: JsonPath.objectAt('$.Payload') },
        resultPath: '$.plan',
        retryOnServiceExceptions: false,
      }),
    );
  }

  private walking({ name, walk, ranges }: JobStep): INextable & IChainable {
    const range = this.tried(
      LambdaInvoke.jsonPath(this, `${name}OfRange`, {
        lambdaFunction: walk,
        // The input stays as it is, so that the loop invokes with the same again.
        resultSelector: { finished: JsonPath.objectAt('$.Payload.finished') },
        resultPath: '$.result',
        payload: TaskInput.fromObject({
          jobRun: JOB_RUN,
          range: JsonPath.objectAt('$.range'),
        }),
        retryOnServiceExceptions: false,
      }),
    );
    return MapState.jsonPath(this, name, {
      maxConcurrency: RANGES_AT_ONCE,
      itemsPath: `$.plan.output.${ranges}`,
      itemSelector: { jobRun: JOB_RUN, range: JsonPath.objectAt('$$.Map.Item.Value') },
      resultPath: JsonPath.DISCARD,
    }).itemProcessor(
      range.next(
        Choice.jsonPath(this, `Is${name}OfRangeFinished?`)
          .when(
            Condition.booleanEquals('$.result.finished', true),
            Succeed.jsonPath(this, `${name}OfRangeFinished`),
          )
          .otherwise(range),
      ),
    );
  }

  private notify(): LambdaInvoke {
    return this.tried(
      LambdaInvoke.jsonPath(this, 'Notify', {
        lambdaFunction: new FunctionByName(this, this.props.jobRunFunctions.endJobRun.plainName),
        payload: TaskInput.fromObject({ jobRun: JOB_RUN, executionId: JsonPath.executionId }),
        outputPath: '$.Payload',
        retryOnServiceExceptions: false,
      }),
    );
  }

  private tried(task: LambdaInvoke): LambdaInvoke {
    // A token that is refused is refused in five minutes too: the run fails at once.
    task.addRetry({ errors: [SERVICE_REFUSED], maxAttempts: 0 });
    task.addRetry({
      errors: [Errors.ALL],
      interval: Duration.seconds(this.props.config.jobs.retrySeconds),
      backoffRate: 1,
      maxAttempts: TRIES - 1,
    });
    return task;
  }

  /** Delivered at least once: a second execution for the same day is refused by BeginJobRun. */
  private onSchedule(): void {
    const { hour } = JOB_SCHEDULES[this.props.jobName];
    const group = new ScheduleGroup(this, 'ScheduleGroup', {
      scheduleGroupName: this.plainName,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = schedulerRole(this, 'SchedulerRole', {
      group,
      description: `Starts ${this.plainName} on schedule`,
    });
    new Schedule(this, 'Schedule', {
      scheduleName: this.plainName,
      scheduleGroup: group,
      description: `Starts ${this.plainName}`,
      schedule: ScheduleExpression.cron({
        minute: '0',
        hour: hour === 'every' ? '*' : String(hour),
        timeZone: TimeZone.of(TIME_ZONE),
      }),
      timeWindow: TimeWindow.off(),
      target: new StepFunctionsStartExecution(this.stateMachine, {
        role,
        // A run that begins late is for the day for which it was meant.
        input: ScheduleTargetInput.fromObject({ scheduledAt: ContextAttribute.scheduledTime }),
      }),
    });
  }
}
