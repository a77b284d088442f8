import { App } from 'aws-cdk-lib/core';
import { z } from 'zod';
import { STAGES } from '../config/stages.ts';
import { addChecks } from '../lib/checks.ts';
import { readConfig } from '../lib/config.ts';
import { environmentProblems } from '../lib/environment-config.ts';
import { grantlineStacks } from '../lib/grantline-stacks.ts';

const app = new App();
const outcome = readConfig(STAGES, z.record(z.string(), z.unknown()).parse(app.node.getAllContext()));
const problems = outcome.ok ? environmentProblems(outcome.config, process.env) : outcome.problems;
if (!outcome.ok || problems.length > 0) {
  // Before anything is built, one line a problem.
  for (const problem of problems) console.error(problem);
  process.exit(1);
}

addChecks(app);
grantlineStacks(app, outcome.config);
