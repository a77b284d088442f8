import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { AlertTopic } from '../constructs/alert-topic.ts';
import { SlackNotifier } from '../constructs/slack-notifier.ts';
import type { DataStack } from './data-stack.ts';

export interface AlertStackProps extends StackProps {
  readonly config: Config;
  readonly data: DataStack;
}

/** What people are told: a topic, which anybody may subscribe to, and Slack behind it. */
export class AlertStack extends Stack {
  readonly alertTopic: AlertTopic;
  readonly slackNotifier: SlackNotifier;

  constructor(scope: Construct, id: string, { config, data, ...props }: AlertStackProps) {
    super(scope, id, { description: 'Grantline: alerts', ...props });
    // The tables are there before the first function runs, also where nothing of the data stack is referred to.
    this.addStackDependency(data);

    this.alertTopic = new AlertTopic(this, 'AlertTopic', { config });
    this.slackNotifier = new SlackNotifier(this, 'SlackNotifier', {
      config,
      database: data.database,
      topic: this.alertTopic,
    });

    new CfnOutput(this, 'AlertTopicArn', { value: this.alertTopic.topic.topicArn });
    new CfnOutput(this, 'AlertQueueUrl', { value: this.slackNotifier.queue.queueUrl });
    new CfnOutput(this, 'AlertDeadLetterQueueUrl', { value: this.slackNotifier.deadLetterQueue.queueUrl });
  }
}
