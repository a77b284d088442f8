/** A simulated world in which nothing fails, for the contracts of its services: time passes when somebody waits. */
import { Random } from '../simulation/engine/random.ts';
import { Environment } from '../simulation/platform/environment.ts';
import { drawPlan } from '../simulation/plan.ts';
import { SimulatedWorld } from '../simulation/world.ts';

export interface CalmWorld {
  readonly world: SimulatedWorld;
  readonly environment: Environment;
  /** Lets time pass until the promise has settled. */
  during<T>(promise: Promise<T>): Promise<T>;
  wait(seconds: number): Promise<void>;
}

export function calmWorld({ maxReceiveCount }: { readonly maxReceiveCount: number }): CalmWorld {
  const random = new Random(1);
  const plan = { ...drawPlan(random, { targetCount: 1, faults: new Set() }), maxReceiveCount };
  const world = new SimulatedWorld(plan, random, { traced: false });
  // The messages are the test's: no lane takes them.
  world.queue.onVisible = () => undefined;
  world.deadLetterQueue.onVisible = () => undefined;
  const { timeline } = world;

  return {
    world,
    environment: new Environment(world, 'contract'),
    async during(promise) {
      const settled = { is: false };
      const done = promise.finally(() => {
        settled.is = true;
      });
      // Awaited below; until then a failure is not unhandled.
      done.catch(() => undefined);
      await timeline.run(() => settled.is);
      return done;
    },
    async wait(seconds) {
      const over = { is: false };
      timeline.after(seconds, () => {
        over.is = true;
      });
      await timeline.run(() => over.is);
    },
  };
}
