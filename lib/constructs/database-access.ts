import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { z } from 'zod';
import type { databaseEnvironment } from '../../schema/environment.ts';
import type { Binding } from './binding.ts';
import { grantReadSecret } from './grant-read-secret.ts';
import type { ReadableSecret } from './grant-read-secret.ts';

export interface DatabaseAccessProps {
  readonly clusterArn: string;
  readonly secret: ReadableSecret;
  readonly databaseName: string;
}

type DatabaseBinding = Binding<keyof z.input<typeof databaseEnvironment>>;

/** The database through the RDS Data API, whoever runs the cluster: for who sends single statements. */
export class DatabaseAccess implements DatabaseBinding {
  readonly environment;
  private readonly secret: ReadableSecret;

  constructor({ clusterArn, secret, databaseName }: DatabaseAccessProps) {
    this.secret = secret;
    this.environment = {
      DATABASE_RESOURCE_ARN: clusterArn,
      DATABASE_SECRET_ARN: secret.arn,
      DATABASE_NAME: databaseName,
    };
  }

  /** For who sends transactions too. */
  get transactions(): DatabaseBinding {
    return {
      environment: this.environment,
      grantTo: (grantee) => {
        this.grantTo(grantee);
        this.grant(
          grantee,
          'rds-data:BeginTransaction',
          'rds-data:CommitTransaction',
          'rds-data:RollbackTransaction',
        );
      },
    };
  }

  grantTo(grantee: IFunction): void {
    this.grant(grantee, 'rds-data:ExecuteStatement');
    // The Data API reads the secret with the caller's rights.
    grantReadSecret(grantee, this.secret);
  }

  private grant(grantee: IFunction, ...actions: string[]): void {
    const resourceArns = [this.environment.DATABASE_RESOURCE_ARN];
    Grant.addToPrincipal({ grantee, actions, resourceArns }).assertSuccess();
  }
}
