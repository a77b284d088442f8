import { Schedule, ScheduleExpression, ScheduleGroup, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { reconcileReservationsEnvironment } from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import { acknowledgeInvoke } from './acknowledge.ts';
import type { CampaignRunMachine } from './campaign-run-machine.ts';
import type { DatabaseAccess } from './database-access.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface ReservationScheduleProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
  readonly campaignRun: CampaignRunMachine;
}

/** Every minute: promotions whose reservation_at has come are started. */
export class ReservationSchedule extends Construct {
  readonly reconcileReservations: PipelineFunction;

  constructor(scope: Construct, id: string, { config, database, campaignRun }: ReservationScheduleProps) {
    super(scope, id);
    const name = `grantline-${config.stage}-reservations`;

    this.reconcileReservations = new PipelineFunction(this, 'ReconcileReservations', {
      config,
      entry: 'lambdas/campaign-grant/reconcile-reservations.lambda.ts',
      description: 'Starts the campaigns whose reservation is due',
      environmentSchema: reconcileReservationsEnvironment,
      bindings: [database, campaignRun],
      environment: {},
      timeout: Duration.seconds(60),
    });

    const role = new Role(this, 'SchedulerRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com'),
      description: `Invokes ${this.reconcileReservations.functionName} on schedule`,
    });
    new Schedule(this, 'EveryMinute', {
      scheduleName: `${name}-every-minute`,
      scheduleGroup: new ScheduleGroup(this, 'Group', {
        scheduleGroupName: name,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      description: 'Looks for campaigns whose reservation is due',
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      timeWindow: TimeWindow.off(),
      target: new LambdaInvoke(this.reconcileReservations, {
        role,
        // The next minute asks again: a late call would only pile up on it.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      }),
    });
    acknowledgeInvoke(role, this.reconcileReservations);
  }
}
