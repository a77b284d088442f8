/** The options of plan, each parsed with its bounds in the sentence that refuses it. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { wholeNumber } from '../output/whole-number.ts';
import type { WhereOptions } from '../where/where-options.ts';
import type { Latency } from './rules/pace.ts';

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

/** @throws Error of one line for what no single option shows */
export function checkTogether(promotionId: string | undefined, { targets, type }: PlanOptions): void {
  if (promotionId !== undefined && targets !== undefined) {
    throw new Error('say either a promotion or --targets, not both');
  }
  if (promotionId === undefined && targets === undefined) {
    throw new Error('say what to plan: a promotion, or --targets <count> without any data');
  }
  if (promotionId !== undefined && type !== undefined) {
    throw new Error('--type goes with --targets: a promotion has its own');
  }
}

function slow(text: string): NonNullable<Latency['slow']> {
  const match = /^(0(?:\.[0-9]+)?|1(?:\.0+)?)@([0-9]+)$/.exec(text);
  const ms = Number(match?.[2]);
  if (match !== null && ms <= LONGEST_ANSWER_MS) return { share: Number(match[1]), ms };
  throw new InvalidArgumentError(
    `It must be a share from 0 to 1 and milliseconds up to ${LONGEST_ANSWER_MS}, e.g. 0.01@1000.`,
  );
}
