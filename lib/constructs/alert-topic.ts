import { Grant, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import type { Binding } from './binding.ts';
import { topicKey } from './topic-key.ts';

/** The topic of the alerts. Its key is ours because alarms cannot publish under the one that AWS manages. */
export class AlertTopic extends Construct {
  /** Its name without a token. */
  readonly plainName: string;
  readonly topic: Topic;
  private readonly key: Key;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    this.key = topicKey(this, config, 'Alerts of Grantline');
    this.key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.plainName = `grantline-${config.stage}-alerts`;
    this.topic = new Topic(this, 'Topic', {
      topicName: this.plainName,
      masterKey: this.key,
      enforceSSL: true,
    });
    // Others subscribe to it too.
    this.topic.applyRemovalPolicy(removalPolicyOf(config));
    // With a policy of its own a topic loses SNS's default one, by which the account's alarms could publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: {
          ArnLike: {
            'aws:SourceArn': Stack.of(this).formatArn({
              service: 'cloudwatch',
              resource: 'alarm',
              resourceName: `grantline-${config.stage}-*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
  }

  /** For who tells. */
  get publisher(): Binding<'ALERT_TOPIC_ARN'> {
    const { topicArn } = this.topic;
    const { keyArn } = this.key;
    return {
      environment: { ALERT_TOPIC_ARN: topicArn },
      grantTo: (grantee: IFunction) => {
        const grant = (actions: string[], arn: string) =>
          Grant.addToPrincipal({ grantee, actions, resourceArns: [arn] }).assertSuccess();
        grant(['sns:Publish'], topicArn);
        grant(['kms:Decrypt', 'kms:GenerateDataKey'], keyArn);
      },
    };
  }
}
