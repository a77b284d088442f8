import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { CampaignRunFunctions } from '../constructs/campaign-run-functions.ts';
import { CampaignRunMachine } from '../constructs/campaign-run-machine.ts';
import { GrantConsumers } from '../constructs/grant-consumers.ts';
import { ReservationSchedule } from '../constructs/reservation-schedule.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';

export interface CampaignGrantStackProps extends StackProps {
  readonly config: Config;
  readonly network: NetworkStack;
  readonly data: DataStack;
}

/** Campaign grants: from a reservation that is due to the last customer paid. */
export class CampaignGrantStack extends Stack {
  constructor(scope: Construct, id: string, { config, network, data, ...props }: CampaignGrantStackProps) {
    super(scope, id, { description: 'Grantline: campaign grants', ...props });
    // The tables are there before the first function runs, also where nothing of the data stack is referred to.
    this.addStackDependency(data);

    const { vpc, functionSecurityGroup, moneyClientSecurityGroup } = network;
    const { database, redis } = data;
    const shared = { config, database, redis, network: { vpc, securityGroups: [functionSecurityGroup] } };

    const { grantQueue } = new GrantConsumers(this, 'GrantConsumers', {
      ...shared,
      moneyNetwork: { vpc, securityGroups: [functionSecurityGroup, moneyClientSecurityGroup] },
    });
    const functions = new CampaignRunFunctions(this, 'CampaignRunFunctions', {
      ...shared,
      grantQueue: grantQueue.producer,
    });
    const { beginCampaign, publishPartition, trackProgress, finishCampaign } = functions;
    const campaignRun = new CampaignRunMachine(this, 'CampaignRun', {
      config,
      beginCampaign,
      publishPartition,
      trackProgress,
      finishCampaign,
    });
    new ReservationSchedule(this, 'Reservations', { config, database, campaignRun });

    new CfnOutput(this, 'CampaignRunArn', { value: campaignRun.stateMachine.stateMachineArn });
    new CfnOutput(this, 'GrantQueueUrl', { value: grantQueue.queue.queueUrl });
    new CfnOutput(this, 'GrantDeadLetterQueueUrl', { value: grantQueue.deadLetterQueue.queueUrl });
  }
}
