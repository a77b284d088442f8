/** Where a stage is deployed, and whether that is where the CDK CLI is signed in. */
import { z } from 'zod';
import { elsewhere } from './elsewhere.ts';
import type { Located } from './elsewhere.ts';

export const environment = z.strictObject({
  /** The AWS account's number. */
  account: z.string().regex(/^\d{12}$/, 'must be the twelve digits of an AWS account'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region like ap-northeast-2'),
});
export type Environment = z.infer<typeof environment>;

/** What the CDK CLI tells the app of itself. */
const signedIn = z.object({
  CDK_DEFAULT_ACCOUNT: z.string().min(1).optional(),
  CDK_DEFAULT_REGION: z.string().min(1).optional(),
});

/**
 * One line a problem. Without credentials there is none: the CLI names no account then, and the region that it names is
 * one that it fell back to; nothing can be deployed, and templates are the same everywhere.
 */
export function environmentProblems(
  config: Located & { readonly stage: string; readonly environment?: Environment | undefined },
  processEnvironment: Readonly<Record<string, string | undefined>>,
): string[] {
  const { stage, environment: said } = config;
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = signedIn.parse(processEnvironment);
  if (account === undefined) return [];
  if (said === undefined) {
    if (stage === 'dev') {
      if (region === undefined) return [];
      return elsewhere({ account, region }, config).map(
        ({ path, foreign }) =>
          `stage ${stage}: ${path.join('.')}: is in ${foreign}, and the CDK CLI is signed in to ${region}:${account}: choose the profile and the region of its account, or correct config/stages.ts`,
      );
    }
    return [
      `stage ${stage}: environment: is not said, and the CDK CLI is signed in to ${account} (${region ?? 'no region'}): put account and region into config/stages.ts`,
    ];
  }
  const differs = (name: string, ours: string, theirs: string | undefined, remedy: string) =>
    ours === theirs
      ? []
      : [
          `stage ${stage}: environment.${name}: is ${ours}, and the CDK CLI is signed in to ${theirs ?? 'none'}: ${remedy}, or correct config/stages.ts`,
        ];
  return [
    ...differs(
      'account',
      said.account,
      account,
      'choose the profile of that account (--profile, AWS_PROFILE)',
    ),
    ...differs('region', said.region, region, 'choose that region (AWS_REGION)'),
  ];
}
