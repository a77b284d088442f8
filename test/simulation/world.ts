/** Everything that a simulated campaign lives in, made from a plan. */
import { GRANT_BATCH_SECONDS } from '../../schema/grant-batch.ts';
import type { Bug } from './bugs/bug.ts';
import { Auditor } from './checks/auditor.ts';
import type { Random } from './engine/random.ts';
import { Timeline } from './engine/timeline.ts';
import { Trace } from './engine/trace.ts';
import { Consumers } from './platform/consumers.ts';
import { START_MS } from './platform/environment.ts';
import type { Environment } from './platform/environment.ts';
import { Executions } from './platform/executions.ts';
import { FaultState } from './platform/fault-state.ts';
import { Schedules } from './platform/schedules.ts';
import type { Plan } from './plan.ts';
import { loadPromotions } from './promotions.ts';
import { Database } from './services/database.ts';
import type { PromotionRecord } from './services/rows.ts';
import { FifoQueue } from './services/fifo-queue.ts';
import type { ConsumerServices, Ports } from './services/port-types.ts';
import type { World } from './world-parts.ts';
import { SimMoneyApi } from './services/sim-money-api.ts';
import { SimRedis } from './services/sim-redis.ts';
import { PRODUCTION } from './use-cases.ts';
import type { UseCases } from './use-cases.ts';

/** AWS's rule: six times what a batch may take. */
const VISIBILITY_SECONDS = 6 * GRANT_BATCH_SECONDS;
/** Faults that can keep an environment from telling the breaker what it saw. */
const KEEPS_BREAKER_UNTOLD = ['platform-kill', 'platform-stall'] as const;

export class SimulatedWorld implements World {
  readonly plan: Plan;
  readonly random: Random;
  readonly timeline = new Timeline();
  readonly trace: Trace;
  readonly faults: FaultState;
  readonly auditor: Auditor;
  readonly database: Database;
  readonly queue: FifoQueue;
  readonly deadLetterQueue: FifoQueue;
  readonly money: SimMoneyApi;
  readonly redis = new SimRedis();
  readonly executions: Executions;
  readonly schedules: Schedules;
  readonly consumers: Consumers;
  readonly useCases: UseCases;
  losses = 0;
  /** A person changes a status at this moment. */
  personStops = false;
  readonly atWork = new Set<Environment>();
  /** How many environments there were: each has its number. */
  environments = 0;
  readonly #bug: Bug | undefined;
  readonly #refused: ReadonlySet<string>;
  readonly #backlogs: { at: number; size: number }[] = [];

  constructor(
    plan: Plan,
    random: Random,
    options: { readonly traced: boolean; readonly bug?: Bug | undefined },
  ) {
    this.plan = plan;
    this.random = random;
    this.#bug = options.bug;
    this.trace = new Trace(options.traced, () => this.timeline.now);
    this.faults = new FaultState(plan, this.timeline, random);
    this.auditor = new Auditor({
      tps: plan.tps,
      timeline: this.timeline,
      trace: this.trace,
      breakerIsTold:
        ![...plan.rates.keys()].some((fault) => fault.startsWith('database')) &&
        plan.databaseDown.length === 0 &&
        !KEEPS_BREAKER_UNTOLD.some((fault) => plan.rates.has(fault)),
      receivesLast: plan.maxReceiveCount >= 1000,
      hasReasonToStop: (promotion) => this.#hasReasonToStop(promotion),
    });
    this.database = new Database(() => START_MS + Math.round(this.timeline.now * 1000), this.auditor);
    this.deadLetterQueue = new FifoQueue(this.timeline, { visibilitySeconds: VISIBILITY_SECONDS });
    this.queue = new FifoQueue(this.timeline, {
      visibilitySeconds: VISIBILITY_SECONDS,
      deadLetters: { queue: this.deadLetterQueue, maxReceiveCount: plan.maxReceiveCount },
    });
    this.#refused = loadPromotions(this.database, this.auditor, plan, random);
    this.money = new SimMoneyApi(plan.tps, (key) => this.#refused.has(key));
    this.executions = new Executions(this);
    this.schedules = new Schedules(this);
    this.consumers = new Consumers(this);
    this.useCases = options.bug?.useCases?.(PRODUCTION) ?? PRODUCTION;
    if (plan.rates.has('queue-stale-backlog')) this.#sampleBacklog();
  }

  /** The Money API will never grant it. */
  isRefused(key: string): boolean {
    return this.#refused.has(key);
  }

  /** Messages are lost with the queue. */
  get queueWasLost(): boolean {
    return this.plan.deeds.some(({ deed }) => deed.kind === 'purge-queue' || deed.kind === 'lose-runtime');
  }

  /** The queue did what no FIFO queue should: one message with two consumers. */
  get queueOverlaps(): boolean {
    const { rates } = this.plan;
    return rates.has('queue-early-visible') || rates.has('queue-duplicate');
  }

  /** A seed without any fault. */
  get isCalm(): boolean {
    const { rates, databaseDown, moneyDown, moneyUnauthorized, redisDown, deeds, maxReceiveCount } =
      this.plan;
    const outages = [databaseDown, moneyDown, moneyUnauthorized, redisDown, deeds];
    return rates.size === 0 && maxReceiveCount >= 1000 && outages.every((list) => list.length === 0);
  }

  decorate(ports: Ports): Ports {
    return this.#bug?.ports?.(ports, this) ?? ports;
  }

  decorateConsumer(services: ConsumerServices): ConsumerServices {
    return this.#bug?.consumer?.(services, this) ?? services;
  }

  /** The queue's size at that time, or shortly before. */
  backlogBefore(time: number): number {
    return this.#backlogs.findLast(({ at }) => at <= time)?.size ?? 0;
  }

  /** The queue, the state machine, the scheduler, Redis and every process are lost; the rows stay. */
  loseRuntime(): void {
    this.trace.note('platform', 'THE RUNTIME IS LOST');
    this.losses += 1;
    this.executions.forget();
    this.schedules.forget();
    for (const environment of [...this.atWork]) environment.kill('the runtime is lost');
    this.consumers.forget();
    this.queue.purge();
    this.queue.forgetDeduplication();
    this.deadLetterQueue.purge();
    this.redis.empty();
  }

  /** Somebody stops it right now, its key is refused, or the execution that runs it is no more. */
  #hasReasonToStop({ runs }: PromotionRecord): boolean {
    if (this.personStops || this.plan.moneyUnauthorized.length > 0) return true;
    const latest = runs.at(-1);
    return latest === undefined || this.executions.describe(latest.executionId).status !== 'RUNNING';
  }

  #sampleBacklog(): void {
    this.#backlogs.push({ at: this.timeline.now, size: this.queue.size });
    if (!this.faults.haveCeased) this.timeline.after(2, () => this.#sampleBacklog());
  }
}
