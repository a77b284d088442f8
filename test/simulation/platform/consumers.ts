/**
 * The event source mappings of the two queues and the execution environments behind them: as many lanes as are
 * reserved, each with an environment that is used again until it dies.
 */
import { Pacer, pacingFor } from '../../../lambdas/campaign-grant/domain/pacer.ts';
import { MoneyBreaker } from '../../../lambdas/campaign-grant/app/money-breaker.ts';
import type { Delivery, FifoQueue } from '../services/fifo-queue.ts';
import { targetNamedIn } from '../services/message-body.ts';
import { portsOf } from '../services/ports.ts';
import type { ConsumerServices } from '../services/port-types.ts';
import type { World } from '../world-parts.ts';
import { Environment } from './environment.ts';
import { invoke, invokeFresh } from './invocation.ts';

const BATCH_SIZE = 10;
const COLLECT_TIMEOUT_SECONDS = 60;
const COLLECTORS = 2;

/** What container.ts makes once for an environment of GrantRewards. */
interface Warm {
  readonly environment: Environment;
  readonly services: ConsumerServices;
}

interface Lane {
  readonly number: number;
  isBusy: boolean;
  warm: Warm | undefined;
  idleSince: number;
}

export class Consumers {
  readonly #world: World;
  readonly #lanes: Lane[];
  readonly #collectors: { isBusy: boolean }[];
  /** Counts what the runtime's loss has made void. */
  #generation = 0;

  constructor(world: World) {
    this.#world = world;
    const { plan, queue, deadLetterQueue } = world;
    this.#lanes = Array.from({ length: plan.concurrency }, (_, number) => ({
      number: number + 1,
      isBusy: false,
      warm: undefined,
      idleSince: 0,
    }));
    this.#collectors = Array.from({ length: COLLECTORS }, () => ({ isBusy: false }));
    queue.onVisible = () => this.#pump();
    deadLetterQueue.onVisible = () => this.#collect();
  }

  /** The runtime is lost: every lane begins anew, with a new environment. */
  forget(): void {
    this.#generation += 1;
    for (const lane of this.#lanes) {
      lane.warm?.environment.kill('the runtime is lost');
      lane.warm = undefined;
      lane.isBusy = false;
    }
    for (const collector of this.#collectors) collector.isBusy = false;
  }

  #pump(): void {
    const { timeline, random } = this.#world;
    for (const lane of this.#lanes) {
      if (lane.isBusy) continue;
      lane.isBusy = true;
      timeline.after(random.logBetween(0.001, 0.05), () => void this.#receive(lane, this.#generation));
    }
  }

  async #receive(lane: Lane, generation: number): Promise<void> {
    const { queue } = this.#world;
    while (generation === this.#generation && queue.hasVisible) {
      const batch = this.#take(queue);
      if (batch.length > 0) await this.#pay(lane, batch);
    }
    if (generation === this.#generation) lane.isBusy = false;
  }

  /** What a receive by the function itself finds: not always what there is. */
  receive(hiddenSeconds: number): Delivery[] {
    const { queue, random } = this.#world;
    if (random.chance(0.2)) return [];
    const batch = this.#take(queue, hiddenSeconds);
    this.#meddle(batch);
    return batch;
  }

  #take(queue: FifoQueue, hiddenSeconds?: number): Delivery[] {
    const { random } = this.#world;
    const most = random.chance(0.7) ? BATCH_SIZE : random.integer(1, BATCH_SIZE);
    const perGroup = random.chance(0.7) ? BATCH_SIZE : 1;
    return queue.receive(most, perGroup, (count) => random.integer(0, count - 1), hiddenSeconds);
  }

  async #pay(lane: Lane, batch: readonly Delivery[]): Promise<void> {
    const world = this.#world;
    const { faults, plan, queue, timeline, random, useCases, trace } = world;
    // More than there are environments for: the batch comes back when its visibility ends, a receive later.
    if (faults.strikes('platform-throttle')) {
      trace.note(`lane ${lane.number}`, `is throttled with ${batch.length} messages`);
      return;
    }
    const { environment, services } = await this.#warm(lane);
    this.#meddle(batch);
    if (trace.on)
      trace.note(environment.name, `gets ${batch.map((message) => message.receiptHandle).join(' ')}`);
    const outcome = await invoke(world, environment, plan.grantTimeoutSeconds, () =>
      useCases.grantRewards(services, batch, environment.budget(plan.grantTimeoutSeconds)),
    );
    lane.idleSince = timeline.now;
    if (!outcome.ok) {
      if (environment.isDead && lane.warm?.environment === environment) lane.warm = undefined;
      if (trace.on) trace.note(environment.name, `fails: ${outcome.error.message}`);
      return;
    }
    const again = new Set(outcome.value);
    const done = batch.filter((message) => !again.has(message.messageId));
    if (faults.strikes('queue-lost-delete')) {
      trace.note(environment.name, 'its deletes are lost');
      return;
    }
    timeline.after(random.between(0.001, 0.05), () => {
      for (const message of done) queue.remove(message.receiptHandle);
    });
  }

  async #warm(lane: Lane): Promise<Warm> {
    const world = this.#world;
    const { timeline, random, plan } = world;
    if (lane.warm !== undefined && !lane.warm.environment.isDead) {
      lane.warm.environment.wasIdleFor(timeline.now - lane.idleSince);
      return lane.warm;
    }
    world.environments += 1;
    const environment = new Environment(world, `lane ${lane.number} #${world.environments}`);
    const ports = world.decorate(portsOf(world, environment));
    const { tps, concurrency, headroom } = plan;
    const pacing = pacingFor({ tps, concurrency, headroom });
    const pacer = new Pacer(pacing);
    const breaker = new MoneyBreaker(ports.store, ports.clock);
    const services = world.decorateConsumer({ ...ports, pacer, breaker });
    const warm = { environment, services };
    lane.warm = warm;
    // The rest of the cold start.
    await new Promise<void>((resolve) => timeline.after(random.logBetween(0.05, 0.5), resolve));
    return warm;
  }

  /** What a queue may do to messages that are at work. */
  #meddle(batch: readonly Delivery[]): void {
    const { faults, queue, timeline, random, auditor, trace } = this.#world;
    for (const message of batch) {
      if (faults.strikes('queue-early-visible')) {
        timeline.after(random.logBetween(0.01, 10), () => {
          if (!queue.changeVisibility(message.receiptHandle, 0)) return;
          auditor.overlaps(targetNamedIn(message.body));
          trace.note('queue', `hides ${message.receiptHandle} no longer`);
        });
      }
    }
    if (!faults.strikes('queue-duplicate')) return;
    const copied = batch.slice(0, random.integer(1, batch.length));
    const lane = this.#lanes.find((candidate) => !candidate.isBusy);
    if (lane === undefined) return;
    lane.isBusy = true;
    const generation = this.#generation;
    timeline.after(random.logBetween(0.001, 5), () => {
      if (generation !== this.#generation) return;
      const copies = copied.flatMap((message) => queue.duplicate(message.receiptHandle) ?? []);
      for (const copy of copies) auditor.overlaps(targetNamedIn(copy.body));
      const paid = copies.length === 0 ? Promise.resolve() : this.#pay(lane, copies);
      void paid.then(() => this.#receive(lane, generation));
    });
  }

  #collect(): void {
    const { timeline, random } = this.#world;
    for (const collector of this.#collectors) {
      if (collector.isBusy) continue;
      collector.isBusy = true;
      const generation = this.#generation;
      timeline.after(random.logBetween(0.001, 0.1), () => void this.#collectAll(collector, generation));
    }
  }

  async #collectAll(collector: { isBusy: boolean }, generation: number): Promise<void> {
    const world = this.#world;
    const { deadLetterQueue, useCases } = world;
    while (generation === this.#generation && deadLetterQueue.hasVisible) {
      const batch = this.#take(deadLetterQueue);
      if (batch.length === 0) continue;
      const outcome = await invokeFresh(world, 'CollectDeadLetters', COLLECT_TIMEOUT_SECONDS, (environment) =>
        useCases.collectDeadLetters(world.decorate(portsOf(world, environment)), batch),
      );
      if (outcome.ok) for (const message of batch) deadLetterQueue.remove(message.receiptHandle);
    }
    if (generation === this.#generation) collector.isBusy = false;
  }
}
