import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib/core';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { STAGES } from '../../config/stages.ts';
import { addChecks } from '../../lib/checks.ts';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';
import { chooseStage } from './choose-stage.ts';
import { outputDirectory } from './output-directory.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * As `cdk synth` does it, of all stages in one process: handlers are bundled once, and CDK is loaded once, which takes
 * longer than all the rest.
 * @param stage undefined: all of them
 * @throws Refusal where a configuration is wrong, before anything is built
 */
export function synthesiseStages(stage: string | undefined, context: Readonly<Record<string, string>>): void {
  const chosen = stage ?? context['stage'];
  const names = chosen === undefined ? Object.keys(STAGES) : [chosen];
  const configs = names.map((name) => chooseStage(stage ?? name, context));
  for (const config of configs) {
    const outdir = `${ROOT}${outputDirectory(config.stage)}`;
    const app = new App({ context: { ...cdkJson.context, ...context }, outdir, analyticsReporting: false });
    addChecks(app);
    const stacks = Object.keys(grantlineStacks(app, config)).length;
    app.synth();
    process.stdout.write(`${config.stage}: ${stacks} stacks in ${outputDirectory(config.stage)}\n`);
  }
}
