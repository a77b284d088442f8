/** The part of the model that SNS makes. */
import { attribute, parse, placed } from './built-resource.ts';
import type { Resource } from './built-resource.ts';
import type * as model from './model.ts';
import * as properties from './topic-properties.ts';

export function topic(resource: Resource): model.TopicModel {
  const { DisplayName, KmsMasterKeyId } = parse(properties.topic, resource);
  return {
    ...placed(resource),
    arn: attribute(resource, 'TopicArn'),
    displayName: DisplayName,
    keyArn: KmsMasterKeyId,
  };
}

export function subscription(resource: Resource): model.SubscriptionModel {
  const parsed = parse(properties.subscription, resource);
  const { stack, logicalId } = resource.view;
  return {
    stack,
    logicalId,
    arn: attribute(resource, 'Arn'),
    topicArn: parsed.TopicArn,
    queueArn: parsed.Endpoint,
    rawMessageDelivery: parsed.RawMessageDelivery,
    filterPolicy: parsed.FilterPolicy,
  };
}
