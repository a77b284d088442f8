import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

export interface SchedulerRoleProps {
  /** Whose schedules may use it: the service acts for whoever names a role, in any account. */
  readonly group: ScheduleGroup;
  readonly description: string;
}

/** What EventBridge Scheduler assumes. A role that is handed to CDK's targets gets no conditions from them. */
export function schedulerRole(
  scope: Construct,
  id: string,
  { group, description }: SchedulerRoleProps,
): Role {
  return new Role(scope, id, {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: {
        StringEquals: {
          'aws:SourceAccount': Stack.of(scope).account,
          'aws:SourceArn': group.scheduleGroupArn,
        },
      },
    }),
    description,
  });
}
