/** How Lambda runs a function once: within its time, in an environment that may die under it. */
import type { World } from '../world-parts.ts';
import { Environment, asError } from './environment.ts';

export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Error };

export class InvocationLost extends Error {
  override readonly name = 'Lambda.Unknown';
}

/**
 * Runs `work` in the environment. What the caller learns comes a moment later; of an invocation whose environment
 * died it learns that it failed, and nothing else.
 */
export function invoke<T>(
  world: World,
  environment: Environment,
  timeoutSeconds: number,
  work: (environment: Environment) => Promise<T>,
): Promise<Outcome<T>> {
  const { timeline, random } = world;
  world.atWork.add(environment);
  return new Promise((resolve) => {
    let isOver = false;
    const end = (outcome: Outcome<T>, seconds: number) => {
      if (isOver) return;
      isOver = true;
      world.atWork.delete(environment);
      world.auditor.invocationEnded(environment);
      timeline.after(seconds, () => resolve(outcome));
    };
    environment.onDeath = (why) =>
      end({ ok: false, error: new InvocationLost(why) }, random.logBetween(0.01, 2));
    if (environment.isDead) {
      environment.onDeath('it was dead already');
      return;
    }
    timeline.after(timeoutSeconds, () => {
      if (!isOver) environment.kill(`timed out after ${timeoutSeconds} s`);
    });
    work(environment).then(
      (value) => end({ ok: true, value }, random.between(0.001, 0.02)),
      (error: unknown) => end({ ok: false, error: asError(error) }, random.between(0.001, 0.02)),
    );
  });
}

/** A function of which nothing is kept from one invocation to the next. */
export function invokeFresh<T>(
  world: World,
  name: string,
  timeoutSeconds: number,
  work: (environment: Environment) => Promise<T>,
): Promise<Outcome<T>> {
  world.environments += 1;
  return invoke(world, new Environment(world, `${name} #${world.environments}`), timeoutSeconds, work);
}
