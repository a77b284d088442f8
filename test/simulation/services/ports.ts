/** The ports of one environment over the simulated services, with the faults on the way to each. */
import type { MoneyAnswer } from '../../../lambdas/campaign-grant/domain/outcome.ts';
import type {
  GrantLog,
  GrantQueue,
  MoneyApi,
  OutgoingGrant,
  ProgressCounters,
  PublishLog,
  ReceivedMessage,
  SendFailure,
} from '../../../lambdas/campaign-grant/ports.ts';
import { ServiceFailure } from '../platform/environment.ts';
import type { Environment } from '../platform/environment.ts';
import type { Ports } from './port-types.ts';
import type { World } from '../world-parts.ts';
import { simCampaignStore } from './sim-campaign-store.ts';

export function portsOf(world: World, environment: Environment): Ports {
  return {
    store: simCampaignStore(world.database, environment),
    queue: simGrantQueue(world, environment),
    money: simMoneyApi(world, environment),
    counters: simProgressCounters(world, environment),
    runs: {
      start: (input, name) =>
        environment.request(`start ${name}`, 0.05, () => world.executions.start(input, name)),
      describe: (executionId) =>
        environment.request(`describe ${executionId}`, 0.05, () => world.executions.describe(executionId)),
    },
    schedules: {
      list: () => environment.request('list schedules', 0.05, () => world.schedules.names()),
      create: (schedule) =>
        environment.request(`create schedule ${schedule.name}`, 0.05, () => world.schedules.create(schedule)),
      delete: (name) =>
        environment.request(`delete schedule ${name}`, 0.05, () => world.schedules.delete(name)),
    },
    topic: {
      publish: ({ alertKey }) => {
        const isLost = world.faults.strikes('topic-lost-answer');
        if (world.faults.strikes('topic-refuses')) {
          return environment.request(`publish ${alertKey} … refused`, 0.02, () => {
            throw new ServiceFailure('Publish');
          });
        }
        return environment.request(`publish ${alertKey}`, 0.02, () => {
          world.auditor.toldKeys.add(alertKey);
          if (isLost) throw new ServiceFailure('the answer of Publish was lost');
        });
      },
    },
    deployment: { stage: 'simulated', region: 'simulated' },
    alertLog: { alertPublished: () => undefined, alertsNotPublished: () => undefined },
    clock: environment.clock,
    gauges: {
      report: async () => {
        await environment.request('gauges', 0.05, () => undefined).catch(() => undefined);
      },
    },
    log: SILENT,
  };
}

const SILENT: GrantLog & PublishLog = {
  batchPaid: () => undefined,
  batchUndecided: () => undefined,
  queueFailed: () => undefined,
  apiKeyRefused: () => undefined,
  breakerChanged: () => undefined,
  pagePublished: () => undefined,
};

/** SQS's own limit of a batch. */
const BATCH_SIZE = 10;
const QUEUE_SECONDS = 0.02;
/** As the adapter has SQS wait for a first message. */
const RECEIVE_WAIT_SECONDS = 1;

export function simGrantQueue(world: World, environment: Environment): GrantQueue {
  const { queue, faults, random, auditor, timeline, trace } = world;

  const sendBatch = (batch: readonly OutgoingGrant[]): Promise<SendFailure[]> => {
    if (faults.strikes('queue-throttled-send')) {
      return environment.request('send … throttled', QUEUE_SECONDS, () => {
        throw new ServiceFailure('RequestThrottled');
      });
    }
    const isLost = faults.strikes('queue-lost-answer');
    const { losses } = world;
    return environment.request(`send ${batch.length} from ${batch[0]?.targetId ?? ''}`, QUEUE_SECONDS, () => {
      const failures: SendFailure[] = [];
      if (world.losses !== losses) return failures;
      for (const { targetId, groupId, deduplicationId, message } of batch) {
        if (faults.strikes('queue-partial-send')) {
          failures.push({ targetId, code: 'InternalError', permanent: false });
          continue;
        }
        queue.send(groupId, deduplicationId, JSON.stringify(message));
        auditor.sent(message);
      }
      if (isLost) throw new ServiceFailure('the answer of SendMessageBatch was lost');
      return failures;
    });
  };

  const receiveBatch = (hiddenSeconds: number): Promise<ReceivedMessage[]> => {
    const fails = faults.strikes('queue-receive-fails');
    const { losses } = world;
    return environment.request('receive', QUEUE_SECONDS, () => {
      if (fails && random.chance(0.5)) throw new ServiceFailure('ReceiveMessage');
      const batch = world.losses === losses ? world.consumers.receive(hiddenSeconds) : [];
      // Nobody has them until their visibility timeout ends.
      if (fails) throw new ServiceFailure('the answer of ReceiveMessage was lost');
      if (trace.on && batch.length > 0) {
        trace.note(environment.name, `gets ${batch.map((message) => message.receiptHandle).join(' ')}`);
      }
      return batch;
    });
  };

  return {
    async send(grants) {
      const batches = [];
      for (let from = 0; from < grants.length; from += BATCH_SIZE) {
        batches.push(sendBatch(grants.slice(from, from + BATCH_SIZE)));
      }
      return (await Promise.all(batches)).flat();
    },

    backlog: () =>
      environment.request('backlog', QUEUE_SECONDS, () => {
        // SQS is right within a minute.
        const isStale = faults.strikes('queue-stale-backlog');
        return isStale ? world.backlogBefore(timeline.now - random.between(0, 60)) : queue.size;
      }),

    async receive(_limit, hiddenSeconds) {
      const batch = await receiveBatch(hiddenSeconds);
      if (batch.length > 0) return batch;
      await environment.clock.sleep(RECEIVE_WAIT_SECONDS);
      return receiveBatch(hiddenSeconds);
    },

    async delete(receiptHandles) {
      const isLost = faults.strikes('queue-lost-delete');
      await environment.request(`delete ${receiptHandles.length}`, QUEUE_SECONDS, () => {
        if (isLost) throw new ServiceFailure('DeleteMessageBatch');
        for (const handle of receiptHandles) queue.remove(handle);
      });
    },

    async postpone(receiptHandles, seconds) {
      const fails = faults.strikes('queue-postpone-fails');
      await environment.request(`postpone ${receiptHandles.length} by ${seconds} s`, QUEUE_SECONDS, () => {
        if (fails) throw new ServiceFailure('ChangeMessageVisibilityBatch');
        for (const handle of receiptHandles) queue.changeVisibility(handle, seconds);
      });
    },
  };
}

/** The adapter's deadline of a whole call. */
const MONEY_TIMEOUT_SECONDS = 3;
const CONNECT_SECONDS = 0.1;
const WAY_SECONDS = 0.002;

function simMoneyApi(world: World, environment: Environment): MoneyApi {
  const { money, faults, random, auditor, timeline, trace, plan } = world;

  /** Connections on which no call is under way. */
  let idle = 0;

  return {
    async ready() {
      if (idle > 0) return;
      await environment.request('connect', CONNECT_SECONDS, () => undefined);
      idle += 1;
    },

    grant: (request) =>
      new Promise<MoneyAnswer>((resolve) => {
        const what = `grant ${request.idempotencyKey}`;
        if (!environment.departs(what)) return;
        const call = auditor.callSent(environment, request);
        if (trace.on) trace.note(environment.name, `${what}${call.isProbe ? ' (probe)' : ''} is sent`);
        const answerAfter = (seconds: number, answer: MoneyAnswer) => {
          const inTime = seconds < MONEY_TIMEOUT_SECONDS;
          const answered: MoneyAnswer = inTime
            ? answer
            : { kind: 'unanswered', cause: 'TIMEOUT', detail: 'no answer within 3000 ms' };
          timeline.after(Math.min(seconds, MONEY_TIMEOUT_SECONDS), () =>
            environment.deliver(() => {
              idle += 1;
              auditor.answered(answered);
              if (trace.on) trace.note(environment.name, `${what}: ${describeAnswer(answered)}`);
              resolve(answered);
            }),
          );
        };
        if (faults.strikes('money-lost-request')) {
          answerAfter(0.01, { kind: 'unanswered', cause: 'CONNECTION', detail: 'connect ECONNREFUSED' });
          return;
        }
        // Within what the pacer allows for the way, if the call need not connect first.
        const connects = idle === 0;
        idle = Math.max(0, idle - 1);
        const way =
          WAY_SECONDS + random.between(0, plan.headroom * 0.7 - 0.001) + (connects ? CONNECT_SECONDS : 0);
        const work = plan.moneySeconds * random.between(0.5, 1.5);
        timeline.after(way, () => {
          auditor.arrived(money.arrive(timeline.now));
          const outcome = serve(world, request);
          const { reply, isLost, isReset, delay } = outcome;
          if (isLost) {
            answerAfter(MONEY_TIMEOUT_SECONDS, { kind: 'unanswered', cause: 'TIMEOUT', detail: '' });
          } else if (isReset) {
            answerAfter(work, { kind: 'unanswered', cause: 'CONNECTION', detail: 'read ECONNRESET' });
          } else {
            answerAfter(way + work + delay, { kind: 'answered', ...reply });
          }
        });
      }),
  };
}

/** What the Money API does with a call that has arrived. */
function serve(
  { money, faults, plan, timeline, random }: World,
  request: Parameters<MoneyApi['grant']>[0],
): { reply: { status: number; body: string }; isLost: boolean; isReset: boolean; delay: number } {
  const result = (reply: { status: number; body: string }, more = {}) => ({
    reply,
    isLost: false,
    isReset: false,
    delay: 0,
    ...more,
  });
  const nothing = { status: 503, body: '' };
  if (faults.isWithin(plan.moneyDown)) {
    // Down is not always without effect.
    const kind = random.integer(0, 3);
    if (kind === 0) money.handle(request, timeline.now);
    if (kind === 1) return result({ status: 500, body: '<html>' });
    return kind === 2 ? result(nothing, { isReset: true }) : result(nothing, { isLost: true });
  }
  if (faults.isWithin(plan.moneyUnauthorized)) return result({ status: 401, body: '' });
  if (faults.haveCeased) return result(money.handle(request, timeline.now));
  if (faults.strikes('money-429')) return result({ status: 429, body: '' });
  if (faults.strikes('money-500')) return result({ status: 500, body: '' });
  if (faults.strikes('money-503')) return result(nothing);
  if (faults.strikes('money-late')) {
    timeline.after(random.logBetween(0.5, 60), () => money.handle(request, timeline.now));
    return result(nothing, { isLost: true });
  }
  const reply = money.handle(request, timeline.now);
  if (faults.strikes('money-duplicated')) {
    timeline.after(random.logBetween(0.001, 10), () => money.handle(request, timeline.now));
  }
  if (faults.strikes('money-lost-answer')) return result(reply, { isLost: true });
  if (faults.strikes('money-reset')) return result(reply, { isReset: true });
  if (faults.strikes('money-slow')) return result(reply, { delay: random.between(0.5, 4) });
  if (reply.status === 200 && faults.strikes('money-breaks-contract')) {
    return result({ status: random.pick([200, 302]), body: random.pick(['', '{}', '<html>moved</html>']) });
  }
  return result(reply);
}

function describeAnswer(answer: MoneyAnswer): string {
  return answer.kind === 'answered' ? `${answer.status} ${answer.body}` : answer.cause;
}

const REDIS_SECONDS = 0.001;
/** ioredis' commandTimeout, as lambdas/shared/redis.ts sets it. */
const REDIS_TIMEOUT_SECONDS = 0.2;

export function simProgressCounters(world: World, environment: Environment): ProgressCounters {
  const { redis, faults, plan, random } = world;
  const orWithout = <T>(what: string, effect: () => T): Promise<T | undefined> => {
    if (!faults.isWithin(plan.redisDown)) return environment.request(`redis ${what}`, REDIS_SECONDS, effect);
    return environment.request(
      `redis ${what} … away`,
      random.chance(0.5) ? REDIS_SECONDS : REDIS_TIMEOUT_SECONDS,
      () => undefined,
    );
  };
  return {
    async reset(summaryId, _totalCount, progress) {
      await orWithout('reset', () => redis.reset(summaryId, progress));
    },
    async add(summaryId, increments) {
      // The adapter has no command for nothing.
      if (Object.values(increments).every((by) => by === 0)) return;
      await orWithout('add', () => redis.add(summaryId, increments));
    },
    read: (summaryId) => orWithout('read', () => redis.read(summaryId)),
  };
}
