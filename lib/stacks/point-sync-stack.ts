import { CfnOutput, Duration, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  buildDailyReportEnvironment,
  planRangesEnvironment,
  sweepGoneUsersEnvironment,
  syncBalancesEnvironment,
} from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import { JobMachine } from '../constructs/job-machine.ts';
import { PipelineFunction } from '../constructs/pipeline-function.ts';
import type { DataStack } from './data-stack.ts';
import type { JobsStack } from './jobs-stack.ts';
import type { NetworkStack } from './network-stack.ts';

export interface PointSyncStackProps extends StackProps {
  readonly config: Config;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly jobs: JobsStack;
}

/** The longest that Lambda gives: a range that runs out of time says so and is invoked again. */
const LONGEST = Duration.minutes(15);

/** Point sync: the balances in Redis made equal to the database's, and a report of the day before, every night. */
export class PointSyncStack extends Stack {
  readonly machine: JobMachine;
  readonly functions: {
    readonly planRanges: PipelineFunction;
    readonly syncBalances: PipelineFunction;
    readonly sweepGoneUsers: PipelineFunction;
    readonly buildDailyReport: PipelineFunction;
  };

  constructor(scope: Construct, id: string, stackProps: PointSyncStackProps) {
    const { config, network, data, jobs, ...props } = stackProps;
    super(scope, id, { description: 'Grantline: point sync', ...props });
    // The tables are there before the first function runs, also where nothing of the data stack is referred to.
    this.addStackDependency(data);
    // Known by their names.
    this.addStackDependency(jobs);

    const { database, redis } = data;
    const functionNetwork = { vpc: network.vpc, securityGroups: [network.functionSecurityGroup] };
    const shared = { config, environment: {}, timeout: LONGEST };
    const planRanges = new PipelineFunction(this, 'PlanRanges', {
      ...shared,
      entry: 'lambdas/point-sync/plan-ranges.lambda.ts',
      description: 'Cuts balances and transactions into ranges of users',
      environmentSchema: planRangesEnvironment,
      bindings: [database],
    });
    const syncBalances = new PipelineFunction(this, 'SyncBalances', {
      ...shared,
      entry: 'lambdas/point-sync/sync-balances.lambda.ts',
      description: 'Makes the balances of a range of users in Redis equal to the database',
      environmentSchema: syncBalancesEnvironment,
      bindings: [database, redis],
      memorySize: 1024,
      network: functionNetwork,
    });
    const sweepGoneUsers = new PipelineFunction(this, 'SweepGoneUsers', {
      ...shared,
      entry: 'lambdas/point-sync/sweep-gone-users.lambda.ts',
      description: 'Reports balances in Redis whose user is gone, and removes them where it was asked to',
      environmentSchema: sweepGoneUsersEnvironment,
      bindings: [database, redis],
      network: functionNetwork,
    });
    const buildDailyReport = new PipelineFunction(this, 'BuildDailyReport', {
      ...shared,
      entry: 'lambdas/point-sync/build-daily-report.lambda.ts',
      description: 'Writes the reports of a range of users for the day before',
      environmentSchema: buildDailyReportEnvironment,
      bindings: [database],
    });
    this.functions = { planRanges, syncBalances, sweepGoneUsers, buildDailyReport };

    this.machine = new JobMachine(this, 'PointSync', {
      config,
      jobName: 'point-sync',
      jobRunFunctions: jobs.functions,
      plan: { name: 'PlanRanges', function: planRanges },
      steps: [
        { name: 'SyncBalances', walk: syncBalances, ranges: 'balanceRanges' },
        { name: 'SweepGoneUsers', walk: sweepGoneUsers, ranges: 'sweepRanges' },
        { name: 'BuildDailyReport', walk: buildDailyReport, ranges: 'reportRanges' },
      ],
    });

    new CfnOutput(this, 'PointSyncArn', { value: this.machine.stateMachine.stateMachineArn });
  }
}
