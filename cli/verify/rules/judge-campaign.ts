/** The checks of the campaign as a whole: its counters, its state, its runs, its turn. */
import { check, finding, findingIf } from './check.ts';
import type { Check, Finding } from './check.ts';
import type { SummaryFacts } from './campaign-facts.ts';
import type { Evidence } from './judge-targets.ts';
import { inTheEnd } from './phase.ts';

export function judgeCampaign(evidence: Evidence): Check[] {
  return [counters(evidence), finalState(evidence), runs(evidence), oneAtATime(evidence)];
}

function counters({ facts, phase, tally }: Evidence): Check {
  const expected = {
    success_count: tally.granted,
    fail_count: tally.failed,
    retry_success_count: tally.retriedSuccess,
    published_count: tally.published,
  };
  const said = saidBy(facts.summary);
  // Before the end they are for watching, and late by design.
  const areFinal = phase === 'ended' || phase === 'settling';
  const different = Object.entries(expected).filter(([name, count]) => said.get(name) !== count);
  const findings = different.map(([name, count]): Finding => ({
    severity: inTheEnd(phase),
    what: `${name} is ${said.get(name) ?? 'not there'}, and by the rows it is ${count}`,
    examples: [],
  }));
  return check(
    {
      name: 'counters',
      rule: 'the counters of the summary are those of the rows',
      invariants: [4],
      figures: expected,
    },
    ...(areFinal ? findings : []),
    findingIf(!areFinal, 'pending', 'they are final when the campaign has ended'),
  );
}

function saidBy(summary: SummaryFacts | null): ReadonlyMap<string, number> {
  if (summary === null) return new Map();
  return new Map([
    ['success_count', summary.successCount],
    ['fail_count', summary.failCount],
    ['retry_success_count', summary.retrySuccessCount],
    ['published_count', summary.publishedCount],
  ]);
}

function finalState(evidence: Evidence): Check {
  const { facts, tally } = evidence;
  return check(
    {
      name: 'final-state',
      rule: RULE_OF_STATUS[facts.status],
      invariants: [12],
      figures: {
        PENDING: tally.pending.count,
        'under way': tally.underWay.count,
        RETRYING: tally.retrying.count,
      },
    },
    ...stateFindings(evidence),
  );
}

const RULE_OF_STATUS = {
  READY: 'READY: nothing to say before it has run',
  IN_PROGRESS: 'IN_PROGRESS: it has begun',
  COMPLETED: 'COMPLETED: every target is final',
  STOPPED: 'STOPPED: nothing is under way, and it is recorded when and why',
  FAILED: 'FAILED: nothing is under way, and it is recorded when and why',
} as const;

function stateFindings({ facts, phase, tally }: Evidence): (Finding | undefined)[] {
  const { status, summary } = facts;
  const severity = inTheEnd(phase);
  const open = [
    finding(severity, tally.underWay, 'published without a final result'),
    finding(severity, tally.retrying, 'still RETRYING'),
  ];
  switch (status) {
    case 'READY':
      return [findingIf(true, 'pending', 'the campaign has not ended')];
    case 'IN_PROGRESS':
      return [
        findingIf(
          (summary?.startedAt ?? null) === null,
          'violated',
          'its start is not recorded (started_at)',
        ),
        findingIf(true, 'pending', 'the campaign has not ended'),
      ];
    case 'COMPLETED':
      return [
        finding(severity, tally.pending, 'still PENDING'),
        ...open,
        findingIf(
          (summary?.completedAt ?? null) === null,
          severity,
          'its end is not recorded (completed_at)',
        ),
      ];
    case 'STOPPED':
    case 'FAILED':
      return [
        ...open,
        findingIf((summary?.stoppedAt ?? null) === null, severity, 'its end is not recorded (stopped_at)'),
        findingIf((summary?.stoppedMemo ?? '') === '', severity, 'no reason is recorded (stopped_memo)'),
      ];
  }
}

function runs({ facts, phase, tally }: Evidence): Check {
  const { count, lowestNumber, highestNumber, openCount, isLastOpen } = facts.runs;
  const isGapless = count === 0 || (lowestNumber === 1 && highestNumber === count);
  const openBefore = openCount - (isLastOpen ? 1 : 0);
  const hasEnded = phase === 'ended' || phase === 'settling';
  return check(
    {
      name: 'runs',
      rule: 'runs are numbered from 1 without gaps, and only the last may be open',
      invariants: [11],
      figures: { runs: count, open: openCount },
    },
    findingIf(
      !isGapless,
      'violated',
      `there are ${count} runs, numbered from ${lowestNumber} to ${highestNumber}`,
    ),
    findingIf(openBefore > 0, 'violated', `${openBefore} runs before the last never ended`),
    findingIf(
      facts.status === 'IN_PROGRESS' && !isLastOpen,
      'violated',
      'it is IN_PROGRESS without an open run',
    ),
    findingIf(hasEnded && isLastOpen, inTheEnd(phase), `it is ${facts.status}, and its last run is open`),
    findingIf(count === 0 && tally.granted > 0, 'violated', `${tally.granted} were granted without any run`),
  );
}

function oneAtATime({ facts: { inProgress } }: Evidence): Check {
  const found = inProgress.length > 1 ? inProgress : [];
  return check(
    {
      name: 'one-at-a-time',
      rule: 'no more than one promotion is IN_PROGRESS',
      invariants: [10],
      figures: { 'in progress': inProgress.length },
    },
    found.length === 0
      ? undefined
      : {
          severity: 'violated',
          what: 'promotions IN_PROGRESS at once',
          count: found.length,
          examples: found.slice(0, 5),
        },
  );
}
