/** What each event of the pipeline is counted as (schema/metrics.ts). */
import type { FinishCampaignOutput } from '../../schema/campaign-run.ts';
import type { MetricValues } from '../../schema/metrics.ts';
import type { CollectedDeadLetters } from './app/collect-dead-letters.ts';
import type { Reconciled } from './app/reconcile-campaigns.ts';
import type { GrantOutcome } from './domain/outcome.ts';
import type { BatchFigures, PageFigures } from './ports.ts';

export function batchValues(figures: BatchFigures): MetricValues<'batchPaid'> {
  const { calls } = figures;
  const failures = { timeouts: 0, connections: 0, serverErrors: 0, tooMany: 0, unexpected: 0, refusals: 0 };
  for (const { outcome } of calls) {
    const kind = failureKindOf(outcome);
    if (kind !== undefined) failures[kind] += 1;
  }
  return {
    MoneyCalls: calls.length,
    MoneyTimeouts: failures.timeouts,
    MoneyConnectionFailures: failures.connections,
    MoneyServerErrors: failures.serverErrors,
    MoneyTooManyRequests: failures.tooMany,
    MoneyUnexpectedAnswers: failures.unexpected,
    MoneyKeyRefusals: failures.refusals,
    BreakerWait: figures.breakerWaitSeconds,
    GrantsGranted: figures.granted,
    GrantsRejected: figures.rejected,
    GrantsRetrying: figures.retrying,
    GrantsFailed: figures.failed,
    MessagesRepeated: figures.repeated,
    MessagesReturned: figures.returned,
    MalformedMessages: figures.malformed,
    UnknownTargets: figures.unknownTargets,
    MoneyLatency: calls.map((call) => Math.round(call.latencyMs)),
  };
}

type FailureKind = 'timeouts' | 'connections' | 'serverErrors' | 'tooMany' | 'unexpected' | 'refusals';

/** The API's own codes of rejections are many and not ours: they are for the log. */
function failureKindOf(outcome: GrantOutcome): FailureKind | undefined {
  if (outcome.kind === 'unauthorized') return 'refusals';
  if (outcome.kind !== 'transient') return undefined;
  const { code } = outcome;
  if (code === 'TIMEOUT') return 'timeouts';
  if (code === 'CONNECTION') return 'connections';
  if (code === 'HTTP_429') return 'tooMany';
  return code.startsWith('HTTP_5') ? 'serverErrors' : 'unexpected';
}

export function pageValues(page: PageFigures): MetricValues<'pagePublished'> {
  return {
    TargetsPublished: page.sentCount,
    TargetsInvalid: page.invalid.length,
    SendFailures: page.sendFailureCount,
  };
}

export function collectedValues(collected: CollectedDeadLetters): MetricValues<'deadLettersCollected'> {
  const { deadLetters, repeated, returned } = collected;
  const countOf = (cause: string) => deadLetters.filter((deadLetter) => deadLetter.cause === cause).length;
  return {
    MalformedMessages: countOf('MALFORMED'),
    UnknownTargets: countOf('UNKNOWN_TARGET'),
    ReceivesExhausted: countOf('RECEIVES_EXHAUSTED'),
    MessagesRepeated: repeated,
    MessagesReturned: returned,
  };
}

export function reconciledValues(reconciled: Reconciled): MetricValues<'campaignsReconciled'> {
  return {
    Reconciliations: 1,
    RunsStarted: reconciled.started.length,
    RunsRecovered: reconciled.recovered.length,
    RunsClosed: reconciled.closed.length,
  };
}

export function finishedValues({ again, outcome }: FinishCampaignOutput): MetricValues<'campaignFinished'> {
  return {
    RunsCompleted: Number(outcome === 'COMPLETED'),
    RunsStopped: Number(outcome === 'STOPPED'),
    RunsFailed: Number(outcome === 'FAILED'),
    RunsRepeated: Number(again),
  };
}
