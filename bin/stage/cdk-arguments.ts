import type { Config } from '../../lib/config.ts';
import { outputDirectory } from './output-directory.ts';
import { Refusal } from './refusal.ts';

export type CdkCommand = 'deploy' | 'diff' | 'destroy';

export interface Said {
  readonly context: Readonly<Record<string, string>>;
  /** Options that are CDK's, and stacks by their names: these alone then, where CDK would take --all for all. */
  readonly others: readonly string[];
  readonly yes: boolean;
  /** Whether somebody is there to answer. */
  readonly canAsk: boolean;
}

/**
 * What the CDK CLI is told.
 * @throws Refusal where a stage is not made to be removed, or nobody is there to answer what CDK would ask
 */
export function cdkArguments(
  command: CdkCommand,
  config: Config,
  { context, others, yes, canAsk }: Said,
): string[] {
  const { stage } = config;
  const overrides = Object.entries({ ...context, stage }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const stacks = others.some((argument) => argument.startsWith(`Grantline-${stage}-`)) ? [] : ['--all'];
  const rest = ['--output', outputDirectory(stage), ...overrides, ...others];
  const requireAnswers = () => {
    if (!yes && !canAsk) throw new Refusal(`${command}: nobody is there to be asked: say --yes`);
  };
  switch (command) {
    case 'deploy':
      requireAnswers();
      return ['deploy', ...stacks, '--require-approval', yes ? 'never' : 'broadening', ...rest];
    case 'diff':
      return ['diff', ...rest];
    case 'destroy':
      if (!config.removable) {
        throw new Refusal(
          `stage ${stage}: removable: is off, as for every stage that keeps its data: remove its stacks by hand in CloudFormation if you mean it`,
        );
      }
      requireAnswers();
      return ['destroy', ...stacks, ...(yes ? ['--force'] : []), ...rest];
  }
}
