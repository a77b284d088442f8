import { Command, Option } from 'commander';

/** What the demo can show. */
const PIPELINES = ['campaigns', 'point-sync', 'coupon-stats'] as const;
export type Pipeline = (typeof PIPELINES)[number];

export function pipelineOption(): Option {
  return new Option('--pipeline <name>', 'what to show; each has --help of its own')
    .choices(PIPELINES)
    .default('campaigns');
}

/** Read before all others, which are the pipeline's own. */
export function chosenPipeline(): Pipeline {
  const program = new Command('npm run demo --')
    .addOption(pipelineOption())
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .showHelpAfterError('(npm run demo -- --help lists the options)');
  return program.parse().opts<{ pipeline: Pipeline }>().pipeline;
}
