import { Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { JobRunFunctions } from '../constructs/job-run-functions.ts';
import type { AlertStack } from './alert-stack.ts';
import type { DataStack } from './data-stack.ts';

export interface JobsStackProps extends StackProps {
  readonly config: Config;
  readonly data: DataStack;
  readonly alerts: AlertStack;
}

/** What every job has: the begin and the end of its runs, and who looks after those that ended otherwise. */
export class JobsStack extends Stack {
  readonly functions: JobRunFunctions;

  constructor(scope: Construct, id: string, { config, data, alerts, ...props }: JobsStackProps) {
    super(scope, id, { description: 'Grantline: the runs of jobs', ...props });
    // The tables are there before the first function runs, also where nothing of the data stack is referred to.
    this.addStackDependency(data);
    this.functions = new JobRunFunctions(this, 'JobRunFunctions', {
      config,
      database: data.database,
      alertTopic: alerts.alertTopic,
    });
  }
}
