import { Topic } from 'aws-cdk-lib/aws-sns';
import { Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { Alarms } from '../constructs/monitoring/alarms.ts';
import { Dashboard } from '../constructs/monitoring/dashboard.ts';
import { SavedQueries } from '../constructs/monitoring/saved-queries.ts';
import type { Watched } from '../constructs/monitoring/watched.ts';
import type { AdminApiStack } from './admin-api-stack.ts';
import type { AlertStack } from './alert-stack.ts';
import type { CampaignGrantStack } from './campaign-grant-stack.ts';
import type { CouponStatsStack } from './coupon-stats-stack.ts';
import type { DataStack } from './data-stack.ts';
import type { JobsStack } from './jobs-stack.ts';
import type { PointSyncStack } from './point-sync-stack.ts';

export interface MonitoringStackProps extends StackProps {
  readonly config: Config;
  readonly campaignGrant: CampaignGrantStack;
  readonly data: DataStack;
  readonly alerts: AlertStack;
  readonly jobs: JobsStack;
  readonly pointSync: PointSyncStack;
  readonly couponStats: CouponStatsStack;
  readonly adminApi: AdminApiStack;
}

/** What is seen of all the others: a dashboard, alarms, saved queries. Nothing refers to it. */
export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    const { config, campaignGrant, data, alerts, jobs, pointSync, couponStats, adminApi, ...stackProps } =
      props;
    super(scope, id, { description: 'Grantline: dashboard, alarms and saved queries', ...stackProps });

    // Names are all that it has of the others: their log groups are to be there first.
    this.addStackDependency(campaignGrant);
    this.addStackDependency(adminApi);
    this.addStackDependency(pointSync);
    this.addStackDependency(couponStats);
    const { functions, grantQueue, campaignRun, redrive } = campaignGrant;
    const { notifySlack, plainNames: alertQueue } = alerts.slackNotifier;
    const { beginJobRun, endJobRun, reconcileJobRuns } = jobs.functions;
    const watchedFunctions = [
      ...Object.values(functions),
      notifySlack,
      ...[beginJobRun, endJobRun, reconcileJobRuns],
      ...Object.values(pointSync.functions),
      ...Object.values(couponStats.functions),
      ...[adminApi.functions.campaigns, adminApi.functions.jobs, adminApi.functions.system],
    ];
    const watched: Watched = {
      config,
      functions: watchedFunctions.map(({ plainName }) => plainName),
      grantRewards: functions.grantRewards.plainName,
      grantQueue: grantQueue.plainNames,
      campaignRun: campaignRun.plainName,
      redrive: redrive.plainName,
      cluster: data.plainNames.cluster,
      jobs: [
        { jobName: 'point-sync', machine: pointSync.machine.plainName },
        { jobName: 'coupon-usage-stats', machine: couponStats.usageStats.plainName },
        { jobName: 'coupon-usage-stats-fcm-send', machine: couponStats.fcmSend.plainName },
      ],
      cacheNodes: data.plainNames.cacheNodes,
      alertQueue,
    };

    const { topicArn } = config.alarms;
    const alertTopicArn = this.formatArn({ service: 'sns', resource: alerts.alertTopic.plainName });
    // Slack is told in any case: who is woken by another topic reads there what has come of it.
    const topics = [
      Topic.fromTopicArn(this, 'AlertTopic', alertTopicArn),
      ...(topicArn === undefined ? [] : [Topic.fromTopicArn(this, 'AlarmTopic', topicArn)]),
    ];
    const { alarms } = new Alarms(this, 'Alarms', { watched, topics });
    new Dashboard(this, 'Dashboard', { watched, alarms });
    new SavedQueries(this, 'SavedQueries', watched);
  }
}
