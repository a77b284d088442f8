import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { CampaignReconciler } from '../constructs/campaign-reconciler.ts';
import { CampaignRunFunctions } from '../constructs/campaign-run-functions.ts';
import { CampaignRunMachine } from '../constructs/campaign-run-machine.ts';
import { GrantConsumers } from '../constructs/grant-consumers.ts';
import { RedriveMachine } from '../constructs/redrive-machine.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';

export interface CampaignGrantStackProps extends StackProps {
  readonly config: Config;
  readonly network: NetworkStack;
  readonly data: DataStack;
}

/** Campaign grants: from a reservation that is due to the last customer paid. */
export class CampaignGrantStack extends Stack {
  readonly campaignRun: CampaignRunMachine;
  readonly redrive: RedriveMachine;

  constructor(scope: Construct, id: string, { config, network, data, ...props }: CampaignGrantStackProps) {
    super(scope, id, { description: 'Grantline: campaign grants', ...props });
    // The tables are there before the first function runs, also where nothing of the data stack is referred to.
    this.addStackDependency(data);

    const { vpc, functionSecurityGroup, moneyClientSecurityGroup } = network;
    const { database, redis } = data;
    const shared = { config, database, redis, network: { vpc, securityGroups: [functionSecurityGroup] } };

    const { grantQueue, grantRewards } = new GrantConsumers(this, 'GrantConsumers', {
      ...shared,
      moneyNetwork: { vpc, securityGroups: [functionSecurityGroup, moneyClientSecurityGroup] },
    });
    const functions = new CampaignRunFunctions(this, 'CampaignRunFunctions', {
      ...shared,
      grantQueue,
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
    new CampaignReconciler(this, 'Reconciler', { config, database, campaignRun });
    const redrive = new RedriveMachine(this, 'Redrive', { config, database, campaignRun });

    this.campaignRun = campaignRun;
    this.redrive = redrive;

    new CfnOutput(this, 'CampaignRunArn', { value: campaignRun.stateMachine.stateMachineArn });
    new CfnOutput(this, 'RedriveArn', { value: redrive.stateMachine.stateMachineArn });
    new CfnOutput(this, 'GrantRewardsFunctionName', { value: grantRewards.functionName });
    new CfnOutput(this, 'GrantQueueUrl', { value: grantQueue.queue.queueUrl });
    new CfnOutput(this, 'GrantDeadLetterQueueUrl', { value: grantQueue.deadLetterQueue.queueUrl });
  }
}
