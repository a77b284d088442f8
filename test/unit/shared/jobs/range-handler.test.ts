import { describe, expect, it } from 'vitest';
import { rangeHandler } from '../../../../lambdas/shared/jobs/range-handler.ts';
import { useCapturedLines } from '../../../support/captured-lines.ts';
import { makeLambdaContext } from '../../../support/lambda-context.ts';

const lines = useCapturedLines();
const RUN = {
  jobRunId: '7',
  jobName: 'point-sync',
  runDate: '2026-11-21',
  targetHour: null,
  attempt: 2,
  prune: false,
};
const RANGE = { rangeNumber: 3, afterId: '10', toId: '20' };
const context = makeLambdaContext('a-step');

describe('the handler of a step', () => {
  it('goes through the range that it is given, within the time that is left, and says how far it came', async () => {
    const walked: unknown[] = [];
    const handler = rangeHandler('a-step', (input, budget) => {
      walked.push(input, budget.remainingSeconds());
      return Promise.resolve({ finished: false });
    });

    expect(await handler({ jobRun: RUN, range: RANGE }, context)).toEqual({ finished: false });

    expect(walked).toEqual([{ jobRun: RUN, range: RANGE }, 29]);
    expect(lines()).toMatchObject([
      { event: 'RANGE_WALKED', step: 'a-step', jobRun: RUN, range: RANGE, finished: false },
    ]);
  });

  it('goes through nothing when it is given no range', async () => {
    const handler = rangeHandler('a-step', () => Promise.reject(new Error('it walked')));

    await expect(handler({ jobRun: RUN }, context)).rejects.toThrow('the input is wrong: range');
  });
});
