import { Validations } from 'aws-cdk-lib/core';
import type { App } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';

/**
 * A finding makes synth fail; what is accepted is acknowledged, with its reason, next to its construct. CDK checks
 * templates by rules of its own besides (cdk.json: validateAgainstDefaultRules).
 */
export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}
