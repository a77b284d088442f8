/** `npm run synth`, `deploy`, `diff` and `destroy`: the pinned CDK, for a stage that is named. */
import { Command, CommanderError } from 'commander';
import { cdkArguments } from './stage/cdk-arguments.ts';
import type { CdkCommand } from './stage/cdk-arguments.ts';
import { chooseStage, contextValue } from './stage/choose-stage.ts';
import { Refusal } from './stage/refusal.ts';
import { runCdk } from './stage/run-cdk.ts';

interface StageOptions {
  readonly stage?: string;
  readonly context: Readonly<Record<string, string>>;
}

interface CdkOptions extends StageOptions {
  readonly profile?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** A wrong option, as of every command of ours. */
const USAGE_ERROR = 2;

const program = new Command('stage')
  .description('Synthesises and deploys the stages of Grantline.')
  .exitOverride();

onStages(
  'synth',
  'Writes the templates of a stage, or of all, to cdk.out/<stage>. Needs no account and no network.',
)
  .addHelpText('after', '\nExample:\n  npm run synth -- --stage prod -c moneyTps=500')
  .action(async ({ stage, context }: StageOptions) => {
    // CDK takes longer to load than most commands take to be refused.
    const { synthesiseStages } = await import('./stage/synthesise-stages.ts');
    synthesiseStages(stage, context);
  });
onCdk('deploy', 'Deploys a stage. CDK asks before it gives more rights than there are.')
  .option('--yes', 'do not ask')
  .addHelpText(
    'after',
    '\nExample:\n  npm run deploy -- --stage dev -c moneyTps=500\n  npm run deploy -- --stage dev --exclusively Grantline-dev-Jobs',
  );
onCdk('diff', 'Shows what a deployment of a stage would change.').addHelpText(
  'after',
  '\nExample:\n  npm run diff -- --stage prod --profile payments-prod',
);
onCdk(
  'destroy',
  'Removes a stage with its data: dev alone, where config/stages.ts says that it is removable.',
)
  .option('--yes', 'do not ask')
  .addHelpText('after', '\nExample:\n  npm run destroy -- --stage dev');

process.exitCode = await run();

function onStages(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--stage <stage>', 'dev, staging or prod')
    .option('-c, --context <name=value>', 'overrides of its configuration', contextValue, {})
    .helpOption('-h, --help', 'shows this');
}

function onCdk(name: CdkCommand, description: string): Command {
  return onStages(name, description)
    .option('--profile <name>', 'of the AWS credentials')
    .option('--dry-run', 'only say what CDK would be told')
    .usage('--stage <stage> [options] [options of cdk] [stacks]')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (options: CdkOptions, command: Command) => {
      const config = chooseStage(options.stage, options.context);
      const { profile, yes = false, dryRun = false } = options;
      const isAsked = process.stdin.isTTY && process.stdout.isTTY;
      const args = cdkArguments(name, config, {
        context: options.context,
        others: [...(profile === undefined ? [] : ['--profile', profile]), ...command.args],
        yes,
        canAsk: isAsked || dryRun,
      });
      if (dryRun) {
        process.stdout.write(`cdk ${args.join(' ')}\n`);
        return;
      }
      const { requireCredentials } = await import('./stage/require-credentials.ts');
      await requireCredentials(profile);
      process.exitCode = await runCdk(args);
    });
}

/** @returns the exit code: 2 for a wrong option, 1 for what is refused, or CDK's own */
async function run(): Promise<number> {
  try {
    await program.parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has said by then what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    if (!(error instanceof Refusal)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    return 1;
  }
}
