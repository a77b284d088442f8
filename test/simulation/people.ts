/**
 * Everybody who is not the pipeline: who starts a campaign, stops and resumes it, redrives, edits, and what happens to
 * the services. When the faults have ceased somebody looks after whatever did not go on by itself.
 */
import { START_MS } from './platform/environment.ts';
import { invokeFresh } from './platform/invocation.ts';
import type { Deed } from './plan.ts';
import { targetNamedIn } from './services/message-body.ts';
import { portsOf } from './services/ports.ts';
import { goOn } from './services/sim-campaign-store.ts';
import type { PromotionRecord } from './services/rows.ts';
import type { World } from './world-parts.ts';

const RECONCILE_EVERY_SECONDS = 60;
/** Not in step with the reconciler, whose invocation would disturb every look. */
const LOOK_EVERY_SECONDS = 17.3;
const REDRIVE_TIMEOUT_SECONDS = 900;
/** Quiet for so long that the reconciler has looked twice. */
const QUIET_LOOKS = 8;

export class People {
  /** Nothing is left to be done, by anybody. */
  isQuiet = false;
  readonly #world: World;
  #starts = 0;
  #resumes = 0;
  #quietLooks = 0;
  /** Redrives under way. */
  #redriving = 0;

  constructor(world: World) {
    this.#world = world;
    const { plan, timeline, database, random } = world;
    for (const promotion of database.promotions) {
      // Who has a reservation is started by the scheduler or the reconciler.
      if (promotion.reservationAt === null) this.#start(promotion, false);
    }
    for (const { at, deed } of plan.deeds) timeline.at(at, () => this.#do(deed));
    timeline.after(random.between(0, RECONCILE_EVERY_SECONDS), () => this.#reconcile());
    timeline.at(plan.faultsEnd + LOOK_EVERY_SECONDS, () => this.#look());
  }

  /** Starts a campaign that has ended once more, as a mistaken person would. */
  startAgain(promotion: PromotionRecord): void {
    this.isQuiet = false;
    this.#quietLooks = 0;
    this.#start(promotion, true);
    this.#world.timeline.after(LOOK_EVERY_SECONDS, () => this.#look());
  }

  redriveAll(): void {
    this.isQuiet = false;
    this.#quietLooks = 0;
    for (const promotion of this.#world.database.promotions) this.#redrive(promotion);
    this.#world.timeline.after(LOOK_EVERY_SECONDS, () => this.#look());
  }

  #start({ promotionId }: PromotionRecord, resume: boolean): void {
    this.#starts += 1;
    this.#world.executions.start({ promotionId, ...(resume && { resume }) }, `by-hand-${this.#starts}`);
  }

  /** By turns from Step Functions' console; as the API does it; and as the API, dying before it starts the execution. */
  #resume(promotion: PromotionRecord): void {
    const { database } = this.#world;
    this.#resumes += 1;
    const way = this.#resumes % 3;
    if (way === 1) {
      this.#start(promotion, true);
      return;
    }
    goOn(database, promotion, 'READY', database.nowMs());
    if (way === 2) this.#start(promotion, false);
  }

  #do(deed: Deed): void {
    const world = this.#world;
    const { database, trace, random } = world;
    const promotion = random.pick([database.promotions[0], ...database.promotions]);
    if (promotion === undefined) return;
    if (trace.on)
      trace.note('people', `${deed.kind} (promotion ${promotion.promotionId}, ${promotion.status})`);
    switch (deed.kind) {
      case 'stop-status':
        if (promotion.status === 'IN_PROGRESS') this.#stop(promotion);
        return;
      case 'stop-api':
        if (promotion.status !== 'IN_PROGRESS') return;
        this.#stop(promotion);
        if (promotion.summary !== undefined) {
          promotion.summary.stoppedMs = database.nowMs();
          promotion.summary.stoppedMemo = 'a person stopped it';
        }
        return;
      case 'stop-execution':
        world.executions.stop(promotion.promotionId);
        return;
      case 'resume':
        for (const stopped of database.promotions) {
          if (stopped.status === 'STOPPED' || stopped.status === 'FAILED') this.#resume(stopped);
        }
        return;
      case 'edit-defaults':
        // Not once a run began that never froze them: a person edits what a campaign falls back to.
        promotion.defaults = { ...promotion.defaults, amount: '777.00', reason: 'another reason' };
        return;
      case 'second-start':
        this.#start(promotion, random.chance(0.5));
        return;
      case 'redrive':
        this.#redrive(promotion);
        return;
      case 'purge-queue':
        for (const body of world.queue.purge()) world.auditor.overlaps(targetNamedIn(body));
        return;
      case 'poison-queue':
        poison(world, promotion);
        return;
      case 'pass-deduplication':
        world.queue.forgetDeduplication();
        return;
      case 'empty-redis':
        world.redis.empty();
        return;
      case 'lose-runtime':
        world.loseRuntime();
    }
  }

  #stop(promotion: PromotionRecord): void {
    const world = this.#world;
    world.personStops = true;
    world.database.setStatus(promotion, 'STOPPED');
    world.personStops = false;
  }

  /** The state machine Redrive: one task, retried, invoked until it is done. */
  #redrive({ promotionId }: PromotionRecord): void {
    const world = this.#world;
    const { timeline, useCases } = world;
    this.#redriving += 1;
    const attempt = async (retry: number): Promise<void> => {
      const outcome = await invokeFresh(world, 'Redrive', REDRIVE_TIMEOUT_SECONDS, (environment) =>
        useCases.redriveDeadLetters(
          world.decorate(portsOf(world, environment)),
          { promotionId },
          environment.budget(REDRIVE_TIMEOUT_SECONDS),
        ),
      );
      if (outcome.ok && outcome.value.done) this.#redriving -= 1;
      else timeline.after(Math.min(2 ** retry, 300), () => void attempt(retry + 1));
    };
    void attempt(1);
  }

  #reconcile(): void {
    const world = this.#world;
    const { timeline, useCases } = world;
    void invokeFresh(world, 'ReconcileCampaigns', RECONCILE_EVERY_SECONDS, (environment) =>
      useCases.reconcileCampaigns(world.decorate(portsOf(world, environment))),
    );
    timeline.after(RECONCILE_EVERY_SECONDS, () => this.#reconcile());
  }

  /** The faults have ceased: who is stopped is resumed, when the seed says so; then the world goes quiet. */
  #look(): void {
    const { database, executions, timeline, plan } = this.#world;
    let isSettled = true;
    for (const promotion of database.promotions) {
      const { promotionId, status } = promotion;
      if (status === 'COMPLETED' || executions.isRunning(promotionId)) continue;
      const isStopped = status === 'STOPPED' || status === 'FAILED';
      if (isStopped && !plan.resumes) continue;
      isSettled = false;
      // Long enough for the reconciler, and for a reservation to come.
      if (isStopped) this.#resume(promotion);
      else if (status === 'READY' && timeline.now > plan.faultsEnd + 240) this.#start(promotion, false);
    }
    this.#quietLooks = isSettled && this.#nothingRuns() ? this.#quietLooks + 1 : 0;
    if (this.#quietLooks >= QUIET_LOOKS) this.isQuiet = true;
    else timeline.after(LOOK_EVERY_SECONDS, () => this.#look());
  }

  #nothingRuns(): boolean {
    const { queue, deadLetterQueue, executions, atWork, database } = this.#world;
    return (
      queue.size === 0 &&
      deadLetterQueue.size === 0 &&
      executions.running === 0 &&
      atWork.size === 0 &&
      this.#redriving === 0 &&
      [...database.alerts.values()].every(({ isTold }) => isTold)
    );
  }
}

/** Messages that nobody should have sent. */
function poison({ queue, timeline }: World, promotion: PromotionRecord): void {
  const common = {
    customerUid: '1',
    amount: '10',
    reason: 'poison',
    partitionKey: '0',
    pointEventTargetId: '999999',
    expiryAt: '20301231235959',
  };
  const message = (eventId: string) =>
    JSON.stringify({
      sentAt: new Date(START_MS).toISOString().slice(0, 19),
      version: 20231010,
      topic: 'prepay.campaign.point.publish',
      payload: { eventId, ...common },
    });
  const bodies = ['', '{', '[]', '{"topic":"x"}', message('4711'), message(promotion.promotionId)];
  for (const [index, body] of bodies.entries()) {
    queue.send(String(1 + (index % 3)), `poison-${index}-${timeline.now}`, body);
  }
}
