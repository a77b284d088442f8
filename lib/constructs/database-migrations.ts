import { Duration, Stack } from 'aws-cdk-lib/core';
import { Trigger } from 'aws-cdk-lib/triggers';
import { Construct } from 'constructs';
import { migrateEnvironment } from '../../schema/environment.ts';
import type { Config } from '../config.ts';
import type { DatabaseAccess } from './database-access.ts';
import { PipelineFunction } from './pipeline-function.ts';
import { settleProvider } from './settle-provider.ts';

export interface DatabaseMigrationsProps {
  readonly config: Config;
  readonly database: DatabaseAccess;
}

/**
 * Each outlasts the one before by enough to say what became of it: Migrate, the call of CDK's function to it, and that
 * function, whose quarter of an hour is fixed.
 */
const TIMEOUT = Duration.minutes(14);
const CALL_TIMEOUT = TIMEOUT.plus(Duration.seconds(30));

/**
 * Runs schema/sql at deploy. The files travel in the function's bundle, so a new migration is a new version of
 * the function, and a new version is what makes the trigger run again. A migration that fails fails the deploy.
 */
export class DatabaseMigrations extends Construct {
  private readonly trigger: Trigger;

  constructor(scope: Construct, id: string, { config, database }: DatabaseMigrationsProps) {
    super(scope, id);
    const handler = new PipelineFunction(this, 'Migrate', {
      config,
      entry: 'lambdas/operations/migrate.lambda.ts',
      description: 'Applies the migrations of schema/sql that the database has not seen',
      environmentSchema: migrateEnvironment,
      bindings: [database],
      environment: {},
      timeout: TIMEOUT,
      folders: [{ from: 'schema/sql', to: 'sql' }],
    });
    this.trigger = new Trigger(this, 'Run', { handler, timeout: CALL_TIMEOUT });
    settleProvider(Stack.of(this), 'AWSCDK.TriggerCustomResourceProviderCustomResourceProvider', {
      config,
      name: 'run-migrations',
    });
  }

  runAfter(...scopes: Construct[]): void {
    this.trigger.executeAfter(...scopes);
  }
}
