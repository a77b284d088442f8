/** The options by which every command is told where to look. */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Deployment } from './deployment.ts';
import { localDeployment } from './local-deployment.ts';

export interface WhereOptions {
  readonly local?: boolean;
  readonly stage?: string;
}

export function addWhereOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--stage <name>', 'the stacks of this stage on AWS, with your credentials and region'),
    )
    .addOption(
      new Option('--local', 'the runtime that npm run local runs in this folder').conflicts('stage'),
    );
}

/** @throws Error of one line when neither is given, or what is given is not there */
export async function openDeployment({ local, stage }: WhereOptions): Promise<Deployment> {
  // Its client is one that nobody needs here.
  if (stage !== undefined) return (await import('./aws-deployment.ts')).awsDeployment(stage);
  if (local === true) return localDeployment(process.cwd());
  throw new Error('say where to look: --local, or --stage <name> for AWS');
}
