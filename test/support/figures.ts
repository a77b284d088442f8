/** Makers of what GrantRewards tells of a batch. */
import { classify } from '../../lambdas/campaign-grant/domain/outcome.ts';
import type { AnsweredCall, BatchFigures } from '../../lambdas/campaign-grant/ports.ts';
import { answers } from './fakes.ts';

export function makeCall(
  targetId: string,
  scripted = answers.granted('T'),
  overrides: Partial<AnsweredCall> = {},
): AnsweredCall {
  return {
    grant: { promotionType: 'POINT', promotionId: '7', targetId },
    outcome: classify(scripted.answer),
    attemptCount: 1,
    latencyMs: 12.4,
    ...overrides,
  };
}

export function makeFigures(overrides: Partial<BatchFigures> = {}): BatchFigures {
  return {
    promotionIds: ['7'],
    granted: 0,
    rejected: 0,
    retrying: 0,
    failed: 0,
    repeated: 0,
    returned: 0,
    deadLetters: 0,
    malformed: 0,
    unknownTargets: 0,
    callsAt: [],
    calls: [],
    breakerWaitSeconds: 0,
    ...overrides,
  };
}
