/** Deaths and lost answers at the calls of a port. */

/**
 * before: the caller dies, and nothing has happened. after: it has happened, and the caller dies. lost: it has happened,
 * and the caller's client asks again because it got no answer.
 */
export type Fault = 'before' | 'after' | 'lost';

export class Death extends Error {
  override readonly name = 'Death';
}

/** Which call meets which fault: asked at each call of every port that is made `faulty` with it. */
export type FaultPlan = () => Fault | undefined;

/** The n-th call of all, from 1 on. */
export function faultAt(n: number, fault: Fault): FaultPlan & { calls(): number } {
  let calls = 0;
  return Object.assign(() => ((calls += 1) === n ? fault : undefined), { calls: () => calls });
}

/** The port, each method of which may meet a fault. */
export function faulty<Port extends object>(port: Port, plan: FaultPlan): Port {
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      const call = (args: unknown[]) => Reflect.apply(method, target, args) as Promise<unknown>;
      return async (...args: unknown[]) => {
        const fault = plan();
        if (fault === 'before') throw new Death(`before ${String(name)}`);
        const answer = await call(args);
        if (fault === 'after') throw new Death(`after ${String(name)}`);
        return fault === 'lost' ? call(args) : answer;
      };
    },
  });
}
