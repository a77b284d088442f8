/** Executions that people start: their names and inputs, pure. */
import type { JobInput } from '../../../schema/jobs.ts';
import type { JobFor } from './job-run.ts';

/** What people ask for: a run of its own, which removes balances of users who are gone or only reports them. */
export interface ByHand {
  readonly of: JobFor;
  readonly prune: boolean;
}

/** The same for the same: Step Functions compares the text of inputs. */
export function inputByHand({ of, prune }: ByHand): JobInput {
  return {
    runDate: of.runDate,
    ...(of.targetHour !== null && { targetHour: of.targetHour }),
    ...(prune && { prune }),
  };
}

/**
 * Whoever asks again while it runs names the same one; a name whose execution has ended is taken for good. Names of what
 * is asked for otherwise are others.
 */
export function nameByHand(byHand: ByHand, attempt: number): string {
  return `${stemOf(byHand)}${attempt}`;
}

/** Whether it was started for the same. */
export function isByHand(byHand: ByHand, executionArn: string): boolean {
  const name = executionArn.split(':').at(-1) ?? '';
  const stem = stemOf(byHand);
  return name.startsWith(stem) && /^\d+$/.test(name.slice(stem.length));
}

function stemOf({ of: { jobName, runDate, targetHour }, prune }: ByHand): string {
  const hour = targetHour === null ? '' : `-${String(targetHour).padStart(2, '0')}`;
  return `${jobName}-${runDate}${hour}${prune ? '-prune' : ''}-by-hand-`;
}
