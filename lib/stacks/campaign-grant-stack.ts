import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { CampaignReconciler } from '../constructs/campaign-reconciler.ts';
import { CampaignRunFunctions } from '../constructs/campaign-run-functions.ts';
import { CampaignRunMachine } from '../constructs/campaign-run-machine.ts';
import { GrantConsumers } from '../constructs/grant-consumers.ts';
import type { GrantQueue } from '../constructs/grant-queue.ts';
import type { PipelineFunction } from '../constructs/pipeline-function.ts';
import { RedriveMachine } from '../constructs/redrive-machine.ts';
import type { AlertStack } from './alert-stack.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';

export interface CampaignGrantStackProps extends StackProps {
  readonly config: Config;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly alerts: AlertStack;
}

/** Campaign grants: from a reservation that is due to the last customer paid. */
export class CampaignGrantStack extends Stack {
  readonly grantQueue: GrantQueue;
  readonly campaignRun: CampaignRunMachine;
  readonly redrive: RedriveMachine;
  readonly functions: {
    readonly waitForTurn: PipelineFunction;
    readonly beginCampaign: PipelineFunction;
    readonly publishPartition: PipelineFunction;
    readonly trackProgress: PipelineFunction;
    readonly finishCampaign: PipelineFunction;
    readonly grantRewards: PipelineFunction;
    readonly collectDeadLetters: PipelineFunction;
    readonly reconcileCampaigns: PipelineFunction;
    readonly redriveDeadLetters: PipelineFunction;
  };

  constructor(scope: Construct, id: string, stackProps: CampaignGrantStackProps) {
    const { config, network, data, alerts, ...props } = stackProps;
    super(scope, id, { description: 'Grantline: campaign grants', ...props });
    // The tables are there before the first function runs, also where nothing of the data stack is referred to.
    this.addStackDependency(data);

    const { vpc, functionSecurityGroup, moneyClientSecurityGroup } = network;
    const { database, redis } = data;
    const { alertTopic } = alerts;
    const shared = { config, database, redis, network: { vpc, securityGroups: [functionSecurityGroup] } };

    const { grantQueue, grantRewards, collectDeadLetters } = new GrantConsumers(this, 'GrantConsumers', {
      ...shared,
      moneyNetwork: { vpc, securityGroups: [functionSecurityGroup, moneyClientSecurityGroup] },
    });
    const functions = new CampaignRunFunctions(this, 'CampaignRunFunctions', {
      ...shared,
      grantQueue,
      alertTopic,
    });
    const { waitForTurn, beginCampaign, publishPartition, trackProgress, finishCampaign } = functions;
    const campaignRun = new CampaignRunMachine(this, 'CampaignRun', {
      config,
      waitForTurn,
      beginCampaign,
      publishPartition,
      trackProgress,
      finishCampaign,
    });
    const { reconcileCampaigns } = new CampaignReconciler(this, 'Reconciler', {
      config,
      database,
      alertTopic,
      campaignRun,
    });
    const redrive = new RedriveMachine(this, 'Redrive', { config, database, campaignRun });

    this.grantQueue = grantQueue;
    this.campaignRun = campaignRun;
    this.redrive = redrive;
    this.functions = {
      waitForTurn,
      beginCampaign,
      publishPartition,
      trackProgress,
      finishCampaign,
      grantRewards,
      collectDeadLetters,
      reconcileCampaigns,
      redriveDeadLetters: redrive.redriveDeadLetters,
    };

    new CfnOutput(this, 'CampaignRunArn', { value: campaignRun.stateMachine.stateMachineArn });
    new CfnOutput(this, 'RedriveArn', { value: redrive.stateMachine.stateMachineArn });
    new CfnOutput(this, 'GrantRewardsFunctionName', { value: grantRewards.functionName });
    new CfnOutput(this, 'GrantQueueUrl', { value: grantQueue.queue.queueUrl });
    new CfnOutput(this, 'GrantDeadLetterQueueUrl', { value: grantQueue.deadLetterQueue.queueUrl });
  }
}
