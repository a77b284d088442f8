import type * as z from 'zod';
import { rangeInput } from '../../../schema/jobs.ts';
import type { RangeOutput } from '../../../schema/jobs.ts';
import { handle } from '../handler.ts';
import type { Invocation } from '../handler.ts';
import { logLine } from '../log-line.ts';

type RangeInvocation = Invocation<z.output<typeof rangeInput>>;

/** The handler of a step that goes through ranges. */
export function rangeHandler(
  step: string,
  walk: (input: RangeInvocation['event'], budget: RangeInvocation['budget']) => Promise<RangeOutput>,
) {
  return handle(rangeInput, async ({ event, budget }) => {
    const output = await walk(event, budget);
    logLine('info', 'went through a range', 'rangeWalked', { step, ...event, ...output });
    return output;
  });
}
