import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { makeConfig, synthesise } from './synthesised.ts';

describe('alerts', () => {
  const { alerts, campaignGrant } = synthesise(makeConfig());

  test('go over an encrypted topic, to which alarms may publish too', () => {
    alerts.hasResourceProperties('AWS::SNS::Topic', {
      TopicName: 'grantline-dev-alerts',
      KmsMasterKeyId: Match.anyValue(),
    });
    alerts.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
    alerts.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Condition: { ArnLike: { 'aws:SourceArn': Match.anyValue() } },
          }),
        ]),
      },
    });
  });

  test('wait in a queue while Slack is away, an hour and much longer', () => {
    const [deadLetters] = Object.keys(
      alerts.findResources('AWS::SQS::Queue', {
        Properties: { QueueName: 'grantline-dev-alerts-dead-letter' },
      }),
    );
    alerts.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'sqs',
      RawMessageDelivery: true,
      // What the queue would not take is not lost either.
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] } },
    });
    alerts.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'grantline-dev-alerts',
      VisibilityTimeout: 120,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 1000 }),
    });
    alerts.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  test('reach Slack from outside the VPC, which has no way out', () => {
    const functions = alerts.findResources('AWS::Lambda::Function', {
      Properties: { FunctionName: 'grantline-dev-notify-slack' },
    });
    expect(Object.values(functions)).toHaveLength(1);
    for (const { Properties } of Object.values(functions)) expect(Properties).not.toHaveProperty('VpcConfig');
  });

  test('are in the language of the stage', () => {
    const english = synthesise(makeConfig({ alerts: { language: 'en' } }));
    english.alerts.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ ALERT_LANGUAGE: 'en' }) },
    });
  });

  test('use a webhook that is there already, where the stage names its secret', () => {
    const named = synthesise(
      makeConfig({ alerts: { language: 'ko', slackWebhookSecret: { name: 'team/slack' } } }),
    );
    named.alerts.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  test.each(['track-progress', 'finish-campaign', 'reconcile-campaigns'])('are told by %s', (name) => {
    campaignGrant.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: `grantline-dev-${name}`,
      Environment: { Variables: Match.objectLike({ ALERT_TOPIC_ARN: Match.anyValue(), STAGE: 'dev' }) },
    });
  });
});
