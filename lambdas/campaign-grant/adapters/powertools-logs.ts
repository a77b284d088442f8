/** What use cases tell of their work as they do it: a line of the log and a line of metrics a batch, at most. */
import { LOG_EVENTS } from '../../../schema/log-events.ts';
import type { LoggedFailure } from '../../../schema/log-lines.ts';
import { asError } from '../../shared/as-error.ts';
import { logger } from '../../shared/handler.ts';
import { logLine } from '../../shared/log-line.ts';
import { metricsOf } from '../../shared/metrics.ts';
import { idempotencyKey } from '../domain/idempotency.ts';
import { batchValues, pageValues } from '../metric-values.ts';
import type { AnsweredCall, GrantLog, PublishLog } from '../ports.ts';

export function powertoolsGrantLog(stage: string): GrantLog {
  const countBatch = metricsOf('batchPaid', stage);
  const countUndecided = metricsOf('batchUndecided', stage);
  return {
    batchPaid(figures) {
      const { promotionIds, calls, callsAt } = figures;
      const slowest = slowestOf(calls);
      countBatch(batchValues(figures));
      logLine('info', 'paid a batch', 'batchPaid', {
        granted: figures.granted,
        rejected: figures.rejected,
        retrying: figures.retrying,
        failed: figures.failed,
        repeated: figures.repeated,
        returned: figures.returned,
        deadLetters: figures.deadLetters,
        breakerWaitSeconds: figures.breakerWaitSeconds,
        ...(slowest && {
          slowestMs: Math.round(slowest.latencyMs),
          slowestTarget: idempotencyKey(slowest.grant),
        }),
        promotionIds,
        failures: calls.flatMap((call) => failureOf(call) ?? []),
        callsAt,
        targets: calls.map((call) => idempotencyKey(call.grant)),
      });
    },

    batchUndecided(error, messageCount) {
      countUndecided({ MessagesUndecided: messageCount });
      logger.error('could not decide a batch; it comes again', {
        event: LOG_EVENTS.batchUndecided,
        messageCount,
        error: asError(error),
      });
    },

    queueFailed: (action, error) =>
      logger.warn(`SQS did not ${action} messages; they come again by themselves`, {
        event: LOG_EVENTS.queueFailed,
        error: asError(error),
      }),

    apiKeyRefused: (promotionId, code) =>
      logLine('critical', 'the Money API refused the API key; the campaign is stopped', 'apiKeyRefused', {
        promotionId,
        code,
      }),

    breakerChanged: (transition, consecutiveFailures, outageSeconds) =>
      logLine('warn', `the breaker has ${transition}`, 'breakerChanged', {
        transition,
        consecutiveFailures,
        outageSeconds: Math.round(outageSeconds),
      }),
  };
}

export function powertoolsPublishLog(stage: string): PublishLog {
  const countPage = metricsOf('pagePublished', stage);
  return {
    pagePublished(page) {
      countPage(pageValues(page));
      if (page.invalid.length === 0) return;
      const { promotionType, promotionId, runNumber } = page;
      logLine('warn', 'targets of a page cannot be paid', 'targetsInvalid', {
        promotionId,
        runNumber,
        failures: page.invalid.map(({ targetId, reason }) => ({
          target: idempotencyKey({ promotionType, promotionId, targetId }),
          // What follows the colon is for people.
          code: reason.split(':', 1)[0] ?? reason,
          attempt: 0,
        })),
      });
    },
  };
}

function failureOf({ grant, outcome, attemptCount }: AnsweredCall): LoggedFailure | undefined {
  if (outcome.kind === 'granted') return undefined;
  return { target: idempotencyKey(grant), code: outcome.code, attempt: attemptCount };
}

function slowestOf(calls: readonly AnsweredCall[]): AnsweredCall | undefined {
  return calls.reduce<AnsweredCall | undefined>(
    (slowest, call) => (slowest === undefined || call.latencyMs > slowest.latencyMs ? call : slowest),
    undefined,
  );
}
