import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  DefinitionBody,
  DistributedMap,
  Errors,
  Fail,
  JsonPath,
  LogLevel,
  Parallel,
  Pass,
  StateMachine,
  StateMachineType,
  Succeed,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CAMPAIGN_REFUSED } from '../../schema/campaign-run.ts';
import type { Config } from '../config.ts';
import { NAMED_AT_RUN_TIME, acknowledge, nagArn, resourceWildcard } from './acknowledge.ts';
import type { Binding } from './binding.ts';
import { logGroupFor } from './log-group.ts';

export interface CampaignRunMachineProps {
  readonly config: Config;
  readonly waitForTurn: IFunction;
  readonly beginCampaign: IFunction;
  readonly publishPartition: IFunction;
  readonly trackProgress: IFunction;
  readonly finishCampaign: IFunction;
}

export type CampaignRunBinding = Binding<'CAMPAIGN_RUN_ARN'>;

/** The most partitions that a campaign is cut into, so all of them are published at once. */
const MOST_PARTITIONS = 8;

/** Three and a half days: 1,000 tries, five minutes apart at last, in some 3,000 of the 25,000 events. */
const OUTLAST_OUTAGES = 1000;

/** What BeginCampaign said. */
const RUN = JsonPath.objectAt('$.begin.output.run');
const PARTITIONS = '$.begin.output.partitions';

/**
 * One run of a campaign, from its first row to its last figure. Every step can be repeated, so every step is
 * retried; the machine has no timeout of its own (a Standard execution may last a year), because a campaign
 * outlives an outage. The paths name the fields of schema/campaign-run.ts.
 */
export class CampaignRunMachine extends Construct {
  readonly stateMachine: StateMachine;
  /** As text, for who only looks at it. */
  readonly plainName: string;
  private readonly props: CampaignRunMachineProps;

  constructor(scope: Construct, id: string, props: CampaignRunMachineProps) {
    super(scope, id);
    this.props = props;
    const { config } = props;
    const stateMachineName = `grantline-${config.stage}-campaign-run`;
    this.plainName = stateMachineName;

    const begin = this.buildBeginPhase();
    const definition = this.buildTurnPhase(begin);
    begin.next(
      Choice.jsonPath(this, 'HasBegun?')
        .when(Condition.booleanEquals('$.begin.output.begun', false), definition)
        .otherwise(
          this.buildPublishAndTrackPhase()
            .addCatch(this.buildFailurePhase(), { resultPath: '$.error' })
            .next(this.buildFinishPhase(begin)),
        ),
    );

    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(definition),
      tracingEnabled: true,
      logs: {
        // Under this prefix the log group's policy does not grow with every machine of the account.
        destination: logGroupFor(this, 'Logs', config, `/aws/vendedlogs/states/${stateMachineName}`),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    this.acknowledgeWildcards();
  }

  /** For who starts executions. */
  get starter(): CampaignRunBinding {
    const { stateMachineArn } = this.stateMachine;
    return this.binding(['states:StartExecution'], stateMachineArn);
  }

  /** For who asks how executions ended. */
  get observer(): CampaignRunBinding {
    const executions = `${this.executionArns}:*`;
    return this.binding(['states:DescribeExecution'], executions, (grantee) => {
      if (grantee.role === undefined) return;
      acknowledge(grantee.role, resourceWildcard(`${this.nagNameOfExecutions()}:*`), NAMED_AT_RUN_TIME);
    });
  }

  private binding(
    actions: string[],
    resourceArn: string,
    afterGrant: (grantee: IFunction) => void = () => undefined,
  ): CampaignRunBinding {
    return {
      environment: { CAMPAIGN_RUN_ARN: this.stateMachine.stateMachineArn },
      grantTo: (grantee) => {
        Grant.addToPrincipal({ grantee, actions, resourceArns: [resourceArn] }).assertSuccess();
        afterGrant(grantee);
      },
    };
  }

  private get executionArns(): string {
    const stack = Stack.of(this);
    const { resourceName = '' } = stack.splitArn(
      this.stateMachine.stateMachineArn,
      ArnFormat.COLON_RESOURCE_NAME,
    );
    return stack.formatArn({
      service: 'states',
      resource: 'execution',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  }

  /** As cdk-nag spells an ARN with tokens. */
  private nagNameOfExecutions(): string {
    const stack = Stack.of(this);
    const { resourceName } = stack.splitArn(this.stateMachine.stateMachineArn, ArnFormat.COLON_RESOURCE_NAME);
    const name = JSON.stringify(stack.resolve(resourceName));
    return nagArn(this, 'states', `execution:${name}`);
  }

  private buildTurnPhase(begin: LambdaInvoke): LambdaInvoke {
    const wait = retried(
      LambdaInvoke.jsonPath(this, 'WaitForTurn', {
        lambdaFunction: this.props.waitForTurn,
        payload: TaskInput.fromObject({ executionId: JsonPath.executionId, input: JsonPath.entirePayload }),
        resultSelector: { turn: JsonPath.objectAt('$.Payload.turn') },
        resultPath: '$.wait',
        retryOnServiceExceptions: false,
      }),
      OUTLAST_OUTAGES,
    );
    wait.next(
      Choice.jsonPath(this, 'IsItsTurn?')
        .when(Condition.booleanEquals('$.wait.turn', true), begin)
        .otherwise(wait),
    );
    return wait;
  }

  private buildBeginPhase(): LambdaInvoke {
    const begin = LambdaInvoke.jsonPath(this, 'BeginCampaign', {
      lambdaFunction: this.props.beginCampaign,
      payload: TaskInput.fromObject({ executionId: JsonPath.executionId, input: JsonPath.entirePayload }),
      resultSelector: { output: JsonPath.objectAt('$.Payload') },
      resultPath: '$.begin',
      retryOnServiceExceptions: false,
    });
    // Refused now is refused in a second too; the execution fails with the reason as its cause.
    begin.addRetry({ errors: [CAMPAIGN_REFUSED], maxAttempts: 0 });
    return retried(begin, OUTLAST_OUTAGES);
  }

  /** The two end together: tracking ends when every target that was published, or could not be, is settled. */
  private buildPublishAndTrackPhase(): Parallel {
    return Parallel.jsonPath(this, 'PublishAndTrack', { resultPath: JsonPath.DISCARD })
      .branch(this.buildPublishBranch())
      .branch(this.buildTrackBranch());
  }

  private buildPublishBranch(): IChainable {
    const type = (name: string): Condition =>
      Condition.stringEquals('$.begin.output.run.promotionType', name);
    return Choice.jsonPath(this, 'DecideType')
      .when(type('VOUCHER'), this.buildPublishMap('Voucher'))
      .when(type('POINT'), this.buildPublishMap('Point'));
  }

  /**
   * Standard children: Express ones cannot be stopped, and end after five minutes. Tolerated failures are left at
   * their default, none.
   */
  private buildPublishMap(kind: 'Voucher' | 'Point'): DistributedMap {
    const name = `Publish${kind}s`;
    const publish = retried(
      LambdaInvoke.jsonPath(this, `Publish${kind}Partition`, {
        lambdaFunction: this.props.publishPartition,
        // The input stays as it is, so that the loop invokes with the same again.
        resultSelector: { published: JsonPath.objectAt('$.Payload.published') },
        resultPath: '$.result',
        payload: TaskInput.fromObject({
          run: JsonPath.objectAt('$.run'),
          partition: JsonPath.objectAt('$.partition'),
        }),
        retryOnServiceExceptions: false,
      }),
      OUTLAST_OUTAGES,
    );
    return DistributedMap.jsonPath(this, name, {
      label: name,
      mapExecutionType: StateMachineType.STANDARD,
      maxConcurrency: MOST_PARTITIONS,
      itemsPath: PARTITIONS,
      itemSelector: { run: RUN, partition: JsonPath.objectAt('$$.Map.Item.Value') },
      resultPath: JsonPath.DISCARD,
    }).itemProcessor(
      publish.next(
        Choice.jsonPath(this, `Is${kind}PartitionPublished?`)
          .when(
            Condition.booleanEquals('$.result.published', true),
            Succeed.jsonPath(this, `${kind}PartitionPublished`),
          )
          .otherwise(publish),
      ),
    );
  }

  private buildTrackBranch(): IChainable {
    const track = retried(
      LambdaInvoke.jsonPath(this, 'TrackProgress', {
        lambdaFunction: this.props.trackProgress,
        payload: TaskInput.fromObject({ run: RUN }),
        resultSelector: { ended: JsonPath.objectAt('$.Payload.ended') },
        resultPath: '$.progress',
        retryOnServiceExceptions: false,
      }),
      OUTLAST_OUTAGES,
    );
    return track.next(
      Choice.jsonPath(this, 'HasProgressEnded?')
        .when(Condition.booleanEquals('$.progress.ended', true), Succeed.jsonPath(this, 'ProgressEnded'))
        .otherwise(track),
    );
  }

  /** A pass that left something over is followed by another, of the same execution. */
  private buildFinishPhase(begin: LambdaInvoke): IChainable {
    const finish = retried(
      LambdaInvoke.jsonPath(this, 'FinishCampaign', {
        lambdaFunction: this.props.finishCampaign,
        payload: TaskInput.fromObject({ run: RUN }),
        resultSelector: { output: JsonPath.objectAt('$.Payload') },
        resultPath: '$.finish',
        retryOnServiceExceptions: false,
      }),
      OUTLAST_OUTAGES,
    );
    const nextPass = Pass.jsonPath(this, 'PrepareNextPass', {
      parameters: { promotionId: JsonPath.objectAt('$.promotionId'), pass: { run: RUN } },
    });
    return finish.next(
      Choice.jsonPath(this, 'IsAnythingLeft?')
        .when(Condition.booleanEquals('$.finish.output.again', true), nextPass.next(begin))
        .otherwise(Succeed.jsonPath(this, 'CampaignEnded', { outputPath: '$.finish.output' })),
    );
  }

  /** What was paid is counted and closed before the execution fails with what was caught. */
  private buildFailurePhase(): IChainable {
    const finish = retried(
      LambdaInvoke.jsonPath(this, 'FinishFailedCampaign', {
        lambdaFunction: this.props.finishCampaign,
        payload: TaskInput.fromObject({ run: RUN, error: JsonPath.objectAt('$.error') }),
        resultPath: JsonPath.DISCARD,
        retryOnServiceExceptions: false,
      }),
      OUTLAST_OUTAGES,
    );
    return finish.next(
      Fail.jsonPath(this, 'CampaignFailed', { errorPath: '$.error.Error', causePath: '$.error.Cause' }),
    );
  }

  /** A distributed Map starts, sees and stops executions of its own machine. */
  private acknowledgeWildcards(): void {
    for (const mapRun of ['', '/PublishVouchers', '/PublishPoints']) {
      acknowledge(
        this.stateMachine,
        resourceWildcard(`${this.nagNameOfExecutions()}${mapRun}:*`),
        NAMED_AT_RUN_TIME,
      );
    }
  }
}

function retried(task: LambdaInvoke, maxAttempts: number): LambdaInvoke {
  task.addRetry({
    errors: [Errors.ALL],
    interval: Duration.seconds(2),
    backoffRate: 2,
    maxDelay: Duration.minutes(5),
    maxAttempts,
  });
  return task;
}
