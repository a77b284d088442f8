import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  DefinitionBody,
  Errors,
  JsonPath,
  LogLevel,
  StateMachine,
  StateMachineType,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { CAMPAIGN_REFUSED } from '../../schema/campaign-run.ts';
import { redriveDeadLettersEnvironment } from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import type { Binding } from './binding.ts';
import type { CampaignRunMachine } from './campaign-run-machine.ts';
import type { DatabaseAccess } from './database-access.ts';
import { logGroupFor } from './log-group.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface RedriveMachineProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly campaignRun: CampaignRunMachine;
}

/**
 * Redrives dead letters by hand: {"promotionId": "1"} all of them, "causes" and "targetIds" select. A selection too
 * large for one invocation is gone through in several.
 */
export class RedriveMachine extends Construct {
  readonly redriveDeadLetters: PipelineFunction;
  readonly stateMachine: StateMachine;
  /** As text, for who only looks at it. */
  readonly plainName: string;

  constructor(scope: Construct, id: string, { config, database, campaignRun }: RedriveMachineProps) {
    super(scope, id);
    this.redriveDeadLetters = new PipelineFunction(this, 'RedriveDeadLetters', {
      config,
      entry: 'lambdas/campaign-grant/redrive-dead-letters.lambda.ts',
      description: 'Makes selected dead letters PENDING again, and has their campaign run',
      environmentSchema: redriveDeadLettersEnvironment,
      bindings: [database.transactions, campaignRun.starter],
      environment: {},
      timeout: Duration.minutes(15),
    });

    const stateMachineName = `grantline-${config.stage}-redrive`;
    this.plainName = stateMachineName;
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(this.definition(this.redriveDeadLetters)),
      tracingEnabled: true,
      logs: {
        destination: logGroupFor(this, 'Logs', config, `/aws/vendedlogs/states/${stateMachineName}`),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
  }

  /** For who starts redrives. */
  get starter(): Binding<'REDRIVE_ARN'> {
    const { stateMachineArn } = this.stateMachine;
    return {
      environment: { REDRIVE_ARN: stateMachineArn },
      grantTo: (grantee) => {
        Grant.addToPrincipal({
          grantee,
          actions: ['states:StartExecution'],
          resourceArns: [stateMachineArn],
        }).assertSuccess();
      },
    };
  }

  private definition(redriveDeadLetters: IFunction) {
    const redrive = LambdaInvoke.jsonPath(this, 'RedriveSelected', {
      stateName: 'RedriveDeadLetters',
      lambdaFunction: redriveDeadLetters,
      // The input stays as it is, so that the loop invokes with the same again.
      resultSelector: { done: JsonPath.objectAt('$.Payload.done') },
      resultPath: '$.redrive',
      retryOnServiceExceptions: false,
    });
    redrive.addRetry({ errors: [CAMPAIGN_REFUSED], maxAttempts: 0 });
    redrive.addRetry({
      errors: [Errors.ALL],
      interval: Duration.seconds(2),
      backoffRate: 2,
      maxDelay: Duration.minutes(5),
      maxAttempts: 20,
    });
    return redrive.next(
      Choice.jsonPath(this, 'AreAllRedriven?')
        .when(Condition.booleanEquals('$.redrive.done', true), Succeed.jsonPath(this, 'Redriven'))
        .otherwise(redrive),
    );
  }
}
