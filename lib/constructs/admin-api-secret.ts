import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { acknowledge } from './acknowledge.ts';
import type { Binding } from './binding.ts';
import { grantReadSecret } from './grant-read-secret.ts';

/** Twice what HS256 asks for. */
const SECRET_CHARACTERS = 64;

/** What signs the tokens of the HTTP API, made at deploy. */
export class AdminApiSecret extends Construct implements Binding<'JWT_SECRET_ARN'> {
  readonly environment;
  private readonly secret: Secret;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    this.secret = new Secret(this, 'Secret', {
      secretName: `grantline/${config.stage}/JWT_SECRET_KEY`,
      description: 'Signs the tokens of the HTTP API (HS256)',
      generateSecretString: { passwordLength: SECRET_CHARACTERS, excludePunctuation: true },
      removalPolicy: removalPolicyOf(config),
    });
    acknowledge(
      this.secret,
      'AwsSolutions-SMG4',
      'Who issues tokens holds the same secret: it is replaced together with them. The functions follow within a minute.',
    );
    this.environment = { JWT_SECRET_ARN: this.secret.secretArn };
  }

  grantTo(grantee: IFunction): void {
    grantReadSecret(grantee, { arn: this.secret.secretArn });
  }
}
