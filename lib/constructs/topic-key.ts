import { Key } from 'aws-cdk-lib/aws-kms';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';

/** The key of a topic, which rotates. Where the stage is removable it waits the least that KMS allows before it is gone. */
export function topicKey(scope: Construct, config: Config, description: string): Key {
  return new Key(scope, 'Key', {
    description: `${description}, stage ${config.stage}`,
    enableKeyRotation: true,
    removalPolicy: removalPolicyOf(config),
    ...(config.removable && { pendingWindow: Duration.days(7) }),
  });
}
