import { Duration, Stack } from 'aws-cdk-lib/core';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { migrateEnvironment } from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import { acknowledgeProvider } from './acknowledge.ts';
import type { DatabaseAccess } from './database-access.ts';
import { PipelineFunction } from './pipeline-function.ts';

export interface DatabaseMigrationsProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
}

/**
 * Runs schema/sql at deploy. The files travel in the function's bundle, so a new migration is a new version of
 * the function, and a new version is what makes the trigger run again. A migration that fails fails the deploy.
 */
export class DatabaseMigrations extends Construct {
  private readonly trigger: Trigger;

  constructor(scope: Construct, id: string, { config, database }: DatabaseMigrationsProps) {
    super(scope, id);
    const timeout = Duration.minutes(15);
    const handler = new PipelineFunction(this, 'Migrate', {
      config,
      entry: 'lambdas/operations/migrate.lambda.ts',
      description: 'Applies the migrations of schema/sql that the database has not seen',
      environmentSchema: migrateEnvironment,
      bindings: [database],
      environment: {},
      timeout,
      folders: [{ from: 'schema/sql', to: 'sql' }],
    });
    this.trigger = new Trigger(this, 'Run', { handler, timeout });
    acknowledgeProvider(Stack.of(this), 'AWSCDK.TriggerCustomResourceProviderCustomResourceProvider');
  }

  runAfter(...scopes: Construct[]): void {
    this.trigger.executeAfter(...scopes);
  }
}
