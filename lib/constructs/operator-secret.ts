import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ISecret, SecretStringGenerator } from 'aws-cdk-lib/aws-secretsmanager';
import type { SecretValue } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import type { ExistingSecret } from '../existing-config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { acknowledge } from './acknowledge.ts';
import type { Binding } from './binding.ts';
import { grantReadSecret } from './grant-read-secret.ts';

/** Of a secret that comes from elsewhere: Slack, the Money API's owner, the owners of the services. */
export const OTHERS_ISSUE_IT = 'Others issue it: a rotation function has nobody to ask for a new one.';

export interface OperatorSecretProps<Variable extends string> {
  readonly config: Config;
  /** The last part of its name. */
  readonly name: string;
  readonly description: string;
  /** The variable by which functions know its ARN. */
  readonly variable: Variable;
  /** One that is there already and is used instead. */
  readonly existing: ExistingSecret | undefined;
  readonly whyNotRotated: string;
  /** What a random value is made of, where one is of use. */
  readonly generate?: SecretStringGenerator;
}

/**
 * A secret that is named, or created with a random value: one that others issue is of use when the operator has put theirs
 * there.
 */
export class OperatorSecret<Variable extends string> extends Construct implements Binding<Variable> {
  readonly environment: Readonly<Record<Variable, string>>;
  private readonly secret: ISecret;
  private readonly kmsKeyArn: string | undefined;

  constructor(scope: Construct, id: string, props: OperatorSecretProps<Variable>) {
    super(scope, id);
    const { config, name, description, variable, existing, whyNotRotated, generate } = props;
    if (existing === undefined) {
      const created = new Secret(this, 'Secret', {
        secretName: `grantline/${config.stage}/${name}`,
        description,
        ...(generate && { generateSecretString: generate }),
        removalPolicy: removalPolicyOf(config),
      });
      acknowledge(created, 'AwsSolutions-SMG4', whyNotRotated);
      // CDK's classes are not written for exactOptionalPropertyTypes: tsc does not see that this is an ISecret.
      this.secret = created as ISecret;
    } else {
      this.secret = Secret.fromSecretNameV2(this, 'Secret', existing.name);
    }
    this.kmsKeyArn = existing?.kmsKeyArn;
    const environment: Partial<Record<Variable, string>> = {};
    environment[variable] = this.secret.secretArn;
    this.environment = environment as Record<Variable, string>;
  }

  /** For CloudFormation, which looks it up: a template has the reference alone. */
  get value(): SecretValue {
    return this.secret.secretValue;
  }

  grantTo(grantee: IFunction): void {
    grantReadSecret(grantee, {
      // A secret that is known by its name has an ARN that ends in six characters which only AWS knows.
      arn: this.secret.secretFullArn ?? `${this.secret.secretArn}-??????`,
      kmsKeyArn: this.kmsKeyArn,
    });
  }
}
