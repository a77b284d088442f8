import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { z } from 'zod';
import type { databaseEnvironment } from '../../schema/environment.ts';
import type { Binding } from './binding.ts';

export interface DatabaseAccessProps {
  readonly clusterArn: string;
  readonly secretArn: string;
  readonly databaseName: string;
}

/** The database through the RDS Data API, whoever runs the cluster. */
export class DatabaseAccess implements Binding<keyof z.input<typeof databaseEnvironment>> {
  readonly environment;

  constructor({ clusterArn, secretArn, databaseName }: DatabaseAccessProps) {
    this.environment = {
      DATABASE_RESOURCE_ARN: clusterArn,
      DATABASE_SECRET_ARN: secretArn,
      DATABASE_NAME: databaseName,
    };
  }

  grantTo(grantee: IFunction): void {
    Grant.addToPrincipal({
      grantee,
      actions: [
        'rds-data:ExecuteStatement',
        'rds-data:BeginTransaction',
        'rds-data:CommitTransaction',
        'rds-data:RollbackTransaction',
      ],
      resourceArns: [this.environment.DATABASE_RESOURCE_ARN],
    }).assertSuccess();
    // The Data API reads the secret with the caller's rights.
    Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue'],
      resourceArns: [this.environment.DATABASE_SECRET_ARN],
    }).assertSuccess();
  }
}
