import { CfnResource } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import { logGroupFor } from './log-group.ts';

const MANAGED_POLICY =
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]';

export interface SettleProviderProps {
  readonly config: Config;
  /** What it does, as a function of ours would be called. */
  readonly name: string;
}

/**
 * CDK's own deploy-time functions: their code and role come with aws-cdk-lib and take no properties. Lambda would make them
 * a log group that is kept for ever and outlives their stack.
 */
export function settleProvider(
  scope: Construct,
  providerId: string,
  { config, name }: SettleProviderProps,
): void {
  const provider = scope.node.findChild(providerId);
  for (const id of [MANAGED_POLICY, 'AwsSolutions-L1']) {
    acknowledge(
      provider,
      id,
      'A CDK deploy-time function: its code, runtime and role come with aws-cdk-lib, and take no properties.',
    );
  }
  const handler = provider.node.findChild('Handler');
  if (!CfnResource.isCfnResource(handler)) throw new Error(`unreachable: ${providerId} has a plain function`);
  const logGroup = logGroupFor(scope, `${name}Logs`, config, `/aws/lambda/grantline-${config.stage}-${name}`);
  handler.addPropertyOverride('LoggingConfig', { LogGroup: logGroup.logGroupName });
}
