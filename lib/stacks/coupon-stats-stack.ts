import { CfnOutput, Duration, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  aggregateUsageEnvironment,
  collectMembersEnvironment,
  collectStoresEnvironment,
  learnDistrictsEnvironment,
  planPushesEnvironment,
  planUsageEnvironment,
  sendPushesEnvironment,
} from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import { CouponTopic } from '../constructs/coupon-topic.ts';
import { JobMachine } from '../constructs/job-machine.ts';
import { OTHERS_ISSUE_IT, OperatorSecret } from '../constructs/operator-secret.ts';
import { PipelineFunction } from '../constructs/pipeline-function.ts';
import type { DataStack } from './data-stack.ts';
import type { JobsStack } from './jobs-stack.ts';
import type { NetworkStack } from './network-stack.ts';

export interface CouponStatsStackProps extends StackProps {
  readonly config: Config;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly jobs: JobsStack;
}

/** The longest that Lambda gives: a range that runs out of time says so and is invoked again. */
const LONGEST = Duration.minutes(15);

/** Coupon stats: each member's favourite district and hour, every night, and the messages of an hour, every hour. */
export class CouponStatsStack extends Stack {
  readonly usageStats: JobMachine;
  readonly fcmSend: JobMachine;
  readonly couponTopic: CouponTopic;
  readonly functions: {
    readonly planUsage: PipelineFunction;
    readonly collectStores: PipelineFunction;
    readonly learnDistricts: PipelineFunction;
    readonly aggregateUsage: PipelineFunction;
    readonly planPushes: PipelineFunction;
    readonly collectMembers: PipelineFunction;
    readonly sendPushes: PipelineFunction;
  };

  constructor(scope: Construct, id: string, stackProps: CouponStatsStackProps) {
    const { config, network, data, jobs, ...props } = stackProps;
    super(scope, id, { description: 'Grantline: coupon stats', ...props });
    // The tables are there before the first function runs, also where nothing of the data stack is referred to.
    this.addStackDependency(data);
    // Known by their names.
    this.addStackDependency(jobs);

    const { database } = data;
    const { storeServiceUrl, notificationServiceUrl, systemTokenSecret } = config.coupons;
    const systemToken = new OperatorSecret(this, 'SystemToken', {
      config,
      name: 'SYSTEM_TOKEN',
      description: 'The token for the store and the notification service: replace the generated value',
      variable: 'SYSTEM_TOKEN_SECRET_ARN',
      existing: systemTokenSecret,
      whyNotRotated: OTHERS_ISSUE_IT,
    });
    this.couponTopic = new CouponTopic(this, 'CouponTopic', { config });

    const shared = { config, environment: {}, timeout: LONGEST };
    const asking = {
      vpc: network.vpc,
      securityGroups: [network.functionSecurityGroup, network.serviceClientSecurityGroup],
    };
    const planUsage = new PipelineFunction(this, 'PlanUsage', {
      ...shared,
      entry: 'lambdas/coupon-stats/plan-usage.lambda.ts',
      description: 'Cuts the histories into ranges of members',
      environmentSchema: planUsageEnvironment,
      bindings: [database],
    });
    const collectStores = new PipelineFunction(this, 'CollectStores', {
      ...shared,
      entry: 'lambdas/coupon-stats/collect-stores.lambda.ts',
      description: 'Notes the stores of the histories',
      environmentSchema: collectStoresEnvironment,
      bindings: [database],
    });
    const learnDistricts = new PipelineFunction(this, 'LearnDistricts', {
      ...shared,
      entry: 'lambdas/coupon-stats/learn-districts.lambda.ts',
      description: 'Asks the store service for the districts of the stores',
      environmentSchema: learnDistrictsEnvironment,
      bindings: [database, systemToken],
      environment: { STORE_SERVICE_URL: storeServiceUrl },
      network: asking,
    });
    const aggregateUsage = new PipelineFunction(this, 'AggregateUsage', {
      ...shared,
      entry: 'lambdas/coupon-stats/aggregate-usage.lambda.ts',
      description: 'Writes the favourite district and hour of a range of members',
      environmentSchema: aggregateUsageEnvironment,
      bindings: [database],
    });
    const planPushes = new PipelineFunction(this, 'PlanPushes', {
      ...shared,
      entry: 'lambdas/coupon-stats/plan-pushes.lambda.ts',
      description: 'Cuts the favourites into ranges of members',
      environmentSchema: planPushesEnvironment,
      bindings: [database],
    });
    const collectMembers = new PipelineFunction(this, 'CollectMembers', {
      ...shared,
      entry: 'lambdas/coupon-stats/collect-members.lambda.ts',
      description: 'Notes the members whose favourite hour it is',
      environmentSchema: collectMembersEnvironment,
      bindings: [database],
    });
    const sendPushes = new PipelineFunction(this, 'SendPushes', {
      ...shared,
      entry: 'lambdas/coupon-stats/send-pushes.lambda.ts',
      description: 'Publishes the messages of a range of members, each once',
      environmentSchema: sendPushesEnvironment,
      bindings: [database, systemToken, this.couponTopic.publisher],
      environment: { STORE_SERVICE_URL: storeServiceUrl, NOTIFICATION_SERVICE_URL: notificationServiceUrl },
      memorySize: 1024,
      network: asking,
    });
    this.functions = {
      planUsage,
      collectStores,
      learnDistricts,
      aggregateUsage,
      planPushes,
      collectMembers,
      sendPushes,
    };

    this.usageStats = new JobMachine(this, 'CouponUsageStats', {
      config,
      jobName: 'coupon-usage-stats',
      jobRunFunctions: jobs.functions,
      plan: { name: 'PlanUsage', function: planUsage },
      steps: [
        { name: 'CollectStores', walk: collectStores, ranges: 'collectRanges' },
        { name: 'LearnDistricts', walk: learnDistricts, ranges: 'learnRanges' },
        { name: 'AggregateUsage', walk: aggregateUsage, ranges: 'aggregateRanges' },
      ],
    });
    this.fcmSend = new JobMachine(this, 'CouponUsageStatsFcmSend', {
      config,
      jobName: 'coupon-usage-stats-fcm-send',
      jobRunFunctions: jobs.functions,
      plan: { name: 'PlanPushes', function: planPushes },
      steps: [
        { name: 'CollectMembers', walk: collectMembers, ranges: 'collectRanges' },
        { name: 'SendPushes', walk: sendPushes, ranges: 'sendRanges' },
      ],
    });

    new CfnOutput(this, 'CouponUsageStatsArn', { value: this.usageStats.stateMachine.stateMachineArn });
    new CfnOutput(this, 'CouponUsageStatsFcmSendArn', { value: this.fcmSend.stateMachine.stateMachineArn });
    new CfnOutput(this, 'CouponTopicArn', { value: this.couponTopic.topic.topicArn });
    new CfnOutput(this, 'CouponPushQueueUrl', { value: this.couponTopic.queue.queueUrl });
  }
}
