import { App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { z } from 'zod';
import { STAGES } from '../config/stages.ts';
import { readConfig } from '../lib/config.ts';
import { grantlineStacks } from '../lib/grantline-stacks.ts';

const app = new App();
const outcome = readConfig(STAGES, z.record(z.string(), z.unknown()).parse(app.node.getAllContext()));
if (!outcome.ok) {
  for (const problem of outcome.problems) console.error(problem);
  process.exit(1);
}

// A finding makes synth fail; what is accepted is acknowledged, with its reason, next to its construct.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

grantlineStacks(app, outcome.config);
