/** The campaign that is being paid, and what stands behind it: execution, counters, breaker, Money API. */
import { fail, ok, skipped, warn } from './finding.ts';
import type { Finding } from './finding.ts';

export interface PayingCampaign {
  readonly promotionId: string;
  readonly executionId: string;
  /** Since its progress was looked at last; null: not yet. */
  readonly measuredAgoMs: number | null;
  /** Targets that became final in a second; null: not measured. */
  readonly finalPerSecond: number | null;
}

export interface BreakerFacts {
  /** null: closed. */
  readonly openForMs: number | null;
  readonly consecutiveFailures: number;
}

const NOBODY_IS_PAID = 'no campaign is being paid: pay one target to see';
/** An interval of 5 s, or a minute against a slow database. */
const FRESH_MS = 90_000;

export function judgeBreaker({ openForMs, consecutiveFailures }: BreakerFacts): Finding {
  if (openForMs !== null) {
    return fail(
      'breaker',
      `open for ${seconds(openForMs)}: the Money API fails`,
      'ask those who run the Money API; a probe every 30 s closes it by itself, and nothing is lost meanwhile',
    );
  }
  return consecutiveFailures === 0
    ? ok('breaker', 'closed')
    : ok('breaker', `closed, ${consecutiveFailures} failures in a row: it opens at the tenth`);
}

/**
 * @param reached what answered a call from here; undefined: it cannot be called from here
 * @param breaker undefined: nobody knows
 */
export function judgeMoneyApi(
  reached: { readonly error: string | undefined; readonly url: string } | undefined,
  breaker: BreakerFacts | undefined,
  paying: PayingCampaign | undefined,
): Finding {
  if (reached !== undefined) {
    return reached.error === undefined
      ? ok('money API', `${reached.url} answers`)
      : fail(
          'money API',
          `${reached.url}: ${reached.error}`,
          'start it, or set MONEY_API_URL to where it is',
        );
  }
  const from = 'known by its results, since only the functions reach it';
  if ((breaker?.openForMs ?? null) !== null) return warn('money API', `it fails (${from})`, 'see breaker');
  if (paying === undefined || paying.finalPerSecond === null)
    return skipped('money API', `${from}; ${NOBODY_IS_PAID}`);
  return paying.finalPerSecond > 0
    ? ok('money API', `${Math.round(paying.finalPerSecond)} results a second (${from})`)
    : warn('money API', `no result in the last interval (${from})`, 'look at the log of GrantRewards');
}

/** Only the functions reach it: they copy its counters every few seconds while a campaign is paid. */
export function judgeRedis(paying: PayingCampaign | undefined): Finding {
  if (paying === undefined) return skipped('redis', NOBODY_IS_PAID);
  const { promotionId, measuredAgoMs } = paying;
  if (measuredAgoMs === null || measuredAgoMs > FRESH_MS) {
    const since = measuredAgoMs === null ? 'never' : `${seconds(measuredAgoMs)} ago`;
    return warn(
      'redis',
      `the counters of promotion ${promotionId} were copied ${since}`,
      'look at the log of TrackProgress',
    );
  }
  return ok('redis', `the counters of promotion ${promotionId} were copied ${seconds(measuredAgoMs)} ago`);
}

export interface MachineFacts {
  readonly name: string;
  /** ACTIVE or DELETING. */
  readonly status: string;
  /** ARNs. */
  readonly running: readonly string[];
}

export function judgeMachines(
  machines: readonly MachineFacts[],
  paying: PayingCampaign | undefined,
): Finding {
  const part = 'state machines';
  const inactive = machines.find(({ status }) => status !== 'ACTIVE');
  if (inactive !== undefined) return fail(part, `${inactive.name} is ${inactive.status}`, 'deploy again');
  const says = machines.map(({ name, running }) => `${name} (${running.length} running)`).join(', ');
  if (paying !== undefined && !machines.some(({ running }) => running.includes(paying.executionId))) {
    return warn(
      part,
      `${says}; promotion ${paying.promotionId} is IN_PROGRESS and its execution does not run`,
      'wait a minute: the reconciler takes it over; if it does not, look at the log of ReconcileCampaigns',
    );
  }
  return ok(part, says);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
