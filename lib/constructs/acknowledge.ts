import { Stack, Token, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** Accepts a cdk-nag finding on a construct and what is under it; the reason is for the next auditor. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/** cdk-nag's name for a resource of a policy, with its tokens spelt the way it spells them. */
export function resourceWildcard(resource: string): string {
  return `AwsSolutions-IAM5[Resource::${resource}]`;
}

/** cdk-nag's name for a resource of ours: what the stack does not know yet has the name of its pseudo parameter. */
export function nagArn(scope: IConstruct, service: string, resource: string): string {
  const stack = Stack.of(scope);
  const spelt = (value: string, name: string) => (Token.isUnresolved(value) ? `<${name}>` : value);
  return [
    'arn',
    spelt(stack.partition, 'AWS::Partition'),
    service,
    spelt(stack.region, 'AWS::Region'),
    spelt(stack.account, 'AWS::AccountId'),
    resource,
  ].join(':');
}

/** Wildcards at the end of an ARN, one reason for all of them. */
export const NAMED_AT_RUN_TIME =
  'Executions of one machine, or schedules of one group, of ours: their names are made at run time.';

/** Of rules without a queue for what could not be delivered. */
export const EVENTS_ARE_BUT_QUICK =
  'An event is only the quick way: a schedule finds what it would have said, minutes later.';

/** Where what failed ends. */
export function acknowledgeDeadLetterQueue(queue: IConstruct): void {
  acknowledge(queue, 'Serverless-SQSRedrivePolicy', 'It is a dead-letter queue itself.');
}
