import { InvalidArgumentError } from 'commander';
import { STAGES } from '../../config/stages.ts';
import { readConfig } from '../../lib/config.ts';
import type { Config } from '../../lib/config.ts';
import { Refusal } from './refusal.ts';

type Context = Readonly<Record<string, string>>;

/** commander's: one more `-c name=value`. */
export function contextValue(text: string, others: Context): Context {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be name=value.');
  return { ...others, [name]: value };
}

/**
 * `--stage dev` and `-c stage=dev` are the same; what is deployed or removed is never guessed.
 * @throws Refusal where none is named, two are, or its configuration is wrong
 */
export function chooseStage(stage: string | undefined, context: Context): Config {
  const named = stage ?? context['stage'];
  if (named === undefined) throw new Refusal(`which stage? --stage ${Object.keys(STAGES).join(', ')}`);
  if (context['stage'] !== undefined && context['stage'] !== named) {
    throw new Refusal(`which stage? --stage says ${named}, and -c says ${context['stage']}`);
  }
  const outcome = readConfig(STAGES, { ...context, stage: named });
  if (!outcome.ok) throw new Refusal(...outcome.problems);
  return outcome.config;
}
