import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { Refusal } from './refusal.ts';

/** Found where every AWS client looks for them; whether they are of use is for AWS to say. @throws Refusal */
export async function requireCredentials(profile: string | undefined): Promise<void> {
  const client = new CloudFormationClient(profile === undefined ? {} : { profile });
  try {
    await client.config.credentials();
  } catch {
    throw new Refusal(
      `no AWS credentials${profile === undefined ? '' : ` of the profile ${profile}`}: sign in (aws sso login), or name a profile (--profile, AWS_PROFILE)`,
    );
  }
}
