/** What the parts of a simulated world know of each other. world.ts makes them. */
import type { CampaignRuns, ReservationSchedule } from '../../lambdas/campaign-grant/ports.ts';
import type { CampaignRunInput } from '../../schema/campaign-run.ts';
import type { Auditor } from './checks/auditor.ts';
import type { Random } from './engine/random.ts';
import type { Timeline } from './engine/timeline.ts';
import type { Trace } from './engine/trace.ts';
import type { Environment } from './platform/environment.ts';
import type { FaultState } from './platform/fault-state.ts';
import type { Plan } from './plan.ts';
import type { Database } from './services/database.ts';
import type { Delivery, FifoQueue } from './services/fifo-queue.ts';
import type { ConsumerServices, Ports } from './services/port-types.ts';
import type { SimMoneyApi } from './services/sim-money-api.ts';
import type { SimRedis } from './services/sim-redis.ts';
import type { UseCases } from './use-cases.ts';

/** Step Functions. */
export interface ExecutionService {
  /** How many executions run. */
  readonly running: number;
  isRunning(promotionId: string): boolean;
  start(input: CampaignRunInput, name: string): Awaited<ReturnType<CampaignRuns['start']>>;
  describe(executionId: string): Awaited<ReturnType<CampaignRuns['describe']>>;
  /** StopExecution of whatever runs the promotion. */
  stop(promotionId: string): void;
}

/** EventBridge Scheduler. */
export interface ScheduleService {
  names(): string[];
  create(schedule: ReservationSchedule): void;
  delete(name: string): void;
}

export interface World {
  readonly plan: Plan;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly faults: FaultState;
  readonly auditor: Auditor;
  readonly database: Database;
  readonly queue: FifoQueue;
  readonly deadLetterQueue: FifoQueue;
  readonly money: SimMoneyApi;
  readonly redis: SimRedis;
  readonly executions: ExecutionService;
  readonly schedules: ScheduleService;
  readonly useCases: UseCases;
  readonly consumers: { receive(hiddenSeconds: number): Delivery[] };
  /** Environments with an invocation under way. */
  readonly atWork: Set<Environment>;
  /** How many environments there were: each has its number. */
  environments: number;
  /** How often the runtime was lost: what was on its way to the queue then is lost with it. */
  losses: number;
  /** A person changes a status at this moment. */
  personStops: boolean;
  /** The Money API will never grant it. */
  isRefused(key: string): boolean;
  /** Messages are lost with the queue. */
  readonly queueWasLost: boolean;
  /** The queue did what no FIFO queue should: one message with two consumers. */
  readonly queueOverlaps: boolean;
  /** A seed without any fault. */
  readonly isCalm: boolean;
  /** The queue's size at that time, or shortly before. */
  backlogBefore(time: number): number;
  /** The queue, the state machine, the scheduler, Redis and every process are lost; the rows stay. */
  loseRuntime(): void;
  /** With the planted bug, if there is one. */
  decorate(ports: Ports): Ports;
  decorateConsumer(services: ConsumerServices): ConsumerServices;
}
