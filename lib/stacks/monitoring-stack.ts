import { Topic } from 'aws-cdk-lib/aws-sns';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { Alarms } from '../constructs/monitoring/alarms.ts';
import { Dashboard } from '../constructs/monitoring/dashboard.ts';
import { SavedQueries } from '../constructs/monitoring/saved-queries.ts';
import type { AlertDelivery, Watched } from '../constructs/monitoring/watched.ts';
import type { CampaignGrantStack } from './campaign-grant-stack.ts';
import type { DataStack } from './data-stack.ts';

export interface MonitoringStackProps extends StackProps {
  readonly config: Config;
  readonly campaignGrant: CampaignGrantStack;
  readonly data: DataStack;
  /** What alerts go through, where there is any. */
  readonly alerts?: AlertDelivery;
  /** Where alarms are told, unless `config.alarms.topicArn` says otherwise. */
  readonly alarmTopic?: ITopic;
  /** Functions of further stacks, whose errors are watched too. */
  readonly otherFunctions?: readonly { readonly plainName: string }[];
}

/** What is seen of all the others: a dashboard, alarms, saved queries. Nothing refers to it. */
export class MonitoringStack extends Stack {
  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    const { config, campaignGrant, data, alerts, alarmTopic, otherFunctions = [], ...stackProps } = props;
    super(scope, id, { description: 'Grantline: dashboard, alarms and saved queries', ...stackProps });

    // Names are all that it has of the others: their log groups are to be there first.
    this.addStackDependency(campaignGrant);
    const { functions, grantQueue, campaignRun, redrive } = campaignGrant;
    const watched: Watched = {
      config,
      functions: [...Object.values(functions), ...otherFunctions].map(({ plainName }) => plainName),
      grantRewards: functions.grantRewards.plainName,
      grantQueue: grantQueue.plainNames,
      campaignRun: campaignRun.plainName,
      redrive: redrive.plainName,
      cluster: data.plainNames.cluster,
      cache: data.plainNames.cache,
      alerts,
    };

    const { topicArn } = config.alarms;
    const ownTopic = topicArn === undefined ? undefined : Topic.fromTopicArn(this, 'AlarmTopic', topicArn);
    const { alarms } = new Alarms(this, 'Alarms', { watched, topic: ownTopic ?? alarmTopic });
    new Dashboard(this, 'Dashboard', { watched, alarms });
    new SavedQueries(this, 'SavedQueries', watched);
  }
}
