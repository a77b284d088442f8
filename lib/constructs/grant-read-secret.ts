import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Stack } from 'aws-cdk-lib/core';

export interface ReadableSecret {
  readonly arn: string;
  /** Undefined: it is under the key that AWS manages, which everybody of the account may use through Secrets Manager. */
  readonly kmsKeyArn?: string | undefined;
}

export function grantReadSecret(grantee: IFunction, { arn, kmsKeyArn }: ReadableSecret): void {
  Grant.addToPrincipal({
    grantee,
    actions: ['secretsmanager:GetSecretValue'],
    resourceArns: [arn],
  }).assertSuccess();
  if (kmsKeyArn === undefined) return;
  Grant.addToPrincipal({
    grantee,
    actions: ['kms:Decrypt'],
    resourceArns: [kmsKeyArn],
    conditions: {
      StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(grantee).region}.amazonaws.com` },
    },
  }).assertSuccess();
}
