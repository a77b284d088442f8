/** Bugs of what is sent to the Money API, and what is made of its answer. */
import { MoneyBreaker } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import type { Probe } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import { Pacer, pacingFor } from '../../../lambdas/campaign-grant/domain/pacer.ts';
import type { Pacing } from '../../../lambdas/campaign-grant/domain/pacer.ts';
import type { Bug } from './bug.ts';

const freshKey: Bug = {
  name: 'fresh-key',
  what: 'each call has a key of its own',
  caughtBy: [1, 7],
  ports: (ports) => {
    let calls = 0;
    return {
      ...ports,
      money: {
        ...ports.money,
        grant: (request) => {
          calls += 1;
          const idempotencyKey = `${request.idempotencyKey}-${ports.clock.now()}-${calls}`;
          return ports.money.grant({ ...request, idempotencyKey });
        },
      },
    };
  },
};

const resultBeforeCall: Bug = {
  name: 'result-before-call',
  what: 'SUCCESS is written, and then the call is made',
  caughtBy: [1, 3],
  ports: (ports) => ({
    ...ports,
    money: {
      ...ports.money,
      grant: async (request) => {
        const [, promotionId = '', targetId = ''] = request.idempotencyKey.split('-');
        const result = {
          targetId,
          promotionId,
          processStatus: 'SUCCESS',
          transactionKey: null,
          errorMessage: null,
          attemptCount: 1,
          decided: true,
        } as const;
        await ports.store.recordResults(request.promotionType, [result], ports.clock.now());
        return ports.money.grant(request);
      },
    },
  }),
};

const timeoutIsFinal: Bug = {
  name: 'timeout-is-final',
  what: 'a call without an answer is taken for a rejection',
  caughtBy: [3, 13],
  ports: (ports) => ({
    ...ports,
    money: {
      ...ports.money,
      grant: async (request) => {
        const answer = await ports.money.grant(request);
        return answer.kind === 'answered'
          ? answer
          : { kind: 'answered', status: 400, body: '{"code":"NO_ANSWER"}' };
      },
    },
  }),
};

/** Its environment's last answer was a rejection, or none of its business. */
class RejectionsAreFailures extends MoneyBreaker {
  wasRejected = false;

  override succeeded(probe: Probe | undefined): Promise<void> {
    return this.wasRejected ? this.failed(probe) : super.succeeded(probe);
  }
}

const breakerCountsRejections: Bug = {
  name: 'breaker-counts-rejections',
  what: 'a rejected customer is a failure of the Money API',
  caughtBy: [9],
  consumer: (services) => {
    const breaker = new RejectionsAreFailures(services.store, services.clock);
    const grant: typeof services.money.grant = async (request) => {
      const answer = await services.money.grant(request);
      breaker.wasRejected = answer.kind === 'answered' && answer.status >= 400 && answer.status < 500;
      return answer;
    };
    return { ...services, breaker, money: { ...services.money, grant } };
  },
};

class OpensNobody extends MoneyBreaker {
  override get isOpen(): boolean {
    return false;
  }
}

const breakerIgnored: Bug = {
  name: 'breaker-ignored',
  what: 'the consumer pays on while the breaker is open',
  caughtBy: [9],
  consumer: (services) => ({ ...services, breaker: new OpensNobody(services.store, services.clock) }),
};

const probeByTwo: Bug = {
  name: 'probe-by-two',
  what: 'a probe is claimed without compare-and-set',
  caughtBy: [9],
  ports: (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      saveBreaker: async (expectedVersion, next) => {
        if (next.probeMs === null) return ports.store.saveBreaker(expectedVersion, next);
        const { version } = await ports.store.readBreaker();
        return ports.store.saveBreaker(version, { ...next, version: version + 1 });
      },
    },
  }),
};

/** Forgets its lane's last call at the end of each invocation. */
class ForgetfulPacer extends Pacer {
  override get mayEndAt(): number {
    return Number.NEGATIVE_INFINITY;
  }
}

/** Of each pacer, what it was made with. */
const pacings = new WeakMap<Pacer, Pacing>();

const pacingPerInvocation: Bug = {
  name: 'pacing-per-invocation',
  what: 'each invocation paces its own calls, and knows nothing of those before',
  caughtBy: [6],
  consumer: (services, { plan: { tps, concurrency, headroom } }) => {
    pacings.set(services.pacer, pacingFor({ tps, concurrency, headroom }));
    return services;
  },
  useCases: (production) => ({
    ...production,
    grantRewards: (services, batch, budget) => {
      const pacing = pacings.get(services.pacer);
      if (pacing === undefined) throw new Error('a pacer that nobody made');
      const pacer = new ForgetfulPacer(pacing);
      // A window ago: so that this is not its first.
      pacer.startInvocation(services.clock.monotonic() - pacing.window - pacing.lead);
      return production.grantRewards({ ...services, pacer }, batch, budget);
    },
  }),
};

export const MONEY_BUGS: readonly Bug[] = [
  freshKey,
  resultBeforeCall,
  timeoutIsFinal,
  breakerCountsRejections,
  breakerIgnored,
  probeByTwo,
  pacingPerInvocation,
];
