import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { acknowledge } from './acknowledge.ts';
import type { Binding } from './binding.ts';

/** The key of the Money API. One that is created holds a random value until the operator puts the key there. */
export class MoneyApiKey extends Construct implements Binding<'MONEY_API_KEY_SECRET_ARN'> {
  readonly environment;
  private readonly secret: ISecret;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    const { apiKeySecretName } = config.money;
    if (apiKeySecretName === undefined) {
      const created = new Secret(this, 'Secret', {
        secretName: `grantline/${config.stage}/MONEY_API_KEY`,
        description: 'The API key of the Money API: replace the generated value',
        removalPolicy: removalPolicyOf(config),
      });
      acknowledge(
        created,
        'AwsSolutions-SMG4',
        'The owner of the Money API issues the key: a rotation function has nobody to ask for a new one.',
      );
      // CDK's classes are not written for exactOptionalPropertyTypes: tsc does not see that this is an ISecret.
      this.secret = created as ISecret;
    } else {
      this.secret = Secret.fromSecretNameV2(this, 'Secret', apiKeySecretName);
    }
    this.environment = { MONEY_API_KEY_SECRET_ARN: this.secret.secretArn };
  }

  grantTo(grantee: IFunction): void {
    Grant.addToPrincipal({
      grantee,
      actions: ['secretsmanager:GetSecretValue'],
      // A secret that is known by its name has an ARN that ends in six characters which only AWS knows.
      resourceArns: [this.secret.secretFullArn ?? `${this.secret.secretArn}-??????`],
    }).assertSuccess();
  }
}
