/** Templates of the app for a configuration, without bundling: the code of the functions is not looked at. */
import { Template } from 'aws-cdk-lib/assertions';
import { App } from 'aws-cdk-lib/core';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { checkConfig } from '../../lib/config.ts';
import type { Config, StageConfig } from '../../lib/config.ts';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';

export function makeConfig(overrides: Partial<StageConfig> = {}): Config {
  const outcome = checkConfig({ ...DEFAULT_STAGES[overrides.stage ?? 'dev'], ...overrides });
  if (!outcome.ok) throw new Error(outcome.problems.join('\n'));
  return outcome.config;
}

/** A VPC that others run. */
export const existingVpc = {
  vpcId: 'vpc-0123456789abcdef0',
  subnets: [
    { id: 'subnet-0123456789abcdef0', availabilityZone: 'ap-northeast-2a' },
    { id: 'subnet-0123456789abcdef1', availabilityZone: 'ap-northeast-2c' },
  ],
};

export type Templates = Readonly<Record<keyof ReturnType<typeof grantlineStacks>, Template>>;

export function synthesise(config: Config): Templates {
  const { network, data, alerts, campaignGrant, jobs, pointSync, couponStats, adminApi, monitoring } =
    grantlineStacks(unbundledApp(), config);
  return {
    network: Template.fromStack(network),
    data: Template.fromStack(data),
    alerts: Template.fromStack(alerts),
    campaignGrant: Template.fromStack(campaignGrant),
    jobs: Template.fromStack(jobs),
    pointSync: Template.fromStack(pointSync),
    couponStats: Template.fromStack(couponStats),
    adminApi: Template.fromStack(adminApi),
    monitoring: Template.fromStack(monitoring),
  };
}

/** An app as cdk.json makes it, that bundles nothing. */
export function unbundledApp(): App {
  return new App({
    context: { ...cdkJson.context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
  });
}
