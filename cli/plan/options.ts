/** The options of plan, each parsed with its bounds in the sentence that refuses it. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { id } from '../../schema/promotion.ts';
import { CommandFailure } from '../failure.ts';
import type { WhereOptions } from '../where/where-options.ts';
import { COULD_NOT_PLAN } from './plan-campaign.ts';
import type { Latency } from './rules/pace.ts';
import { readStageSettings } from './stage-settings.ts';
import type { StageSettings } from './stage-settings.ts';

export interface PlanOptions extends WhereOptions {
  readonly targets?: number;
  readonly type?: 'voucher' | 'point';
  readonly tps?: number;
  readonly concurrency?: number;
  readonly latency: number;
  readonly slow?: NonNullable<Latency['slow']>;
  readonly prices?: string;
  readonly json: boolean;
}

const MOST_TARGETS = 1_000_000_000;
const MOST_TPS = 1_000_000;
const MOST_CONCURRENCY = 1_000;
/** A Money call is given up after so long. */
const LONGEST_ANSWER_MS = 3_000;

export function addPlanOptions(command: Command): Command {
  return command
    .option('--targets <count>', 'plan so many targets without any data', wholeNumber(1, MOST_TARGETS))
    .addOption(new Option('--type <type>', 'of the targets of --targets').choices(['voucher', 'point']))
    .option('--tps <calls>', "the Money API's ceiling, calls a second", wholeNumber(2, MOST_TPS))
    .option('--concurrency <count>', 'environments that share it', wholeNumber(2, MOST_CONCURRENCY))
    .option('--latency <ms>', 'mean time of a Money call', wholeNumber(0, LONGEST_ANSWER_MS), 30)
    .option('--slow <share@ms>', 'this share of the calls takes so long, e.g. 0.01@1000', slow)
    .option('--prices <file>', 'JSON that replaces prices of the list')
    .option('--json', 'one JSON object instead of lines', false);
}

export function promotionIdArgument(text: string): string {
  if (id.safeParse(text).success) return text;
  throw new InvalidArgumentError('It must be a number, the promotion_id.');
}

/** @throws CommandFailure for what no single option shows */
export function checkTogether(promotionId: string | undefined, { targets, type }: PlanOptions): void {
  if (promotionId !== undefined && targets !== undefined) {
    throw refused('say either a promotion or --targets, not both');
  }
  if (promotionId === undefined && targets === undefined) {
    throw refused('say what to plan: a promotion, or --targets <count> without any data');
  }
  if (promotionId !== undefined && type !== undefined) {
    throw refused('--type goes with --targets: a promotion has its own');
  }
}

/** Those of the stage; dev, as everywhere, when none is named. @throws CommandFailure */
export function settingsOf(options: PlanOptions): StageSettings {
  try {
    return readStageSettings(options);
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
}

function refused(message: string): CommandFailure {
  return new CommandFailure(`plan: ${message}`, COULD_NOT_PLAN);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function slow(text: string): NonNullable<Latency['slow']> {
  const match = /^(0(?:\.[0-9]+)?|1(?:\.0+)?)@([0-9]+)$/.exec(text);
  const ms = Number(match?.[2]);
  if (match !== null && ms <= LONGEST_ANSWER_MS) return { share: Number(match[1]), ms };
  throw new InvalidArgumentError(
    `It must be a share from 0 to 1 and milliseconds up to ${LONGEST_ANSWER_MS}, e.g. 0.01@1000.`,
  );
}
