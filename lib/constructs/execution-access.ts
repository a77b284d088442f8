import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import { NAMED_AT_RUN_TIME, acknowledge, nagArn, resourceWildcard } from './acknowledge.ts';

/** To ask how executions of a machine fare that is known by its name: it may be in another stack, and not made yet. */
export function grantObserveExecutions(grantee: IFunction, machineName: string): void {
  const resourceName = `${machineName}:*`;
  const executions = Stack.of(grantee).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  Grant.addToPrincipal({
    grantee,
    actions: ['states:DescribeExecution'],
    resourceArns: [executions],
  }).assertSuccess();
  if (grantee.role === undefined) return;
  acknowledge(
    grantee.role,
    resourceWildcard(nagArn(grantee, 'states', `execution:${resourceName}`)),
    NAMED_AT_RUN_TIME,
  );
}
