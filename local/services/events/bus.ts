/**
 * The default event bus: AWS's services put events on it, and rules hand those that match to their functions. It has
 * no API: nothing here puts events of its own on a bus.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RuleModel, RuleTargetModel } from '../../template/model.ts';
import type { BusEvent } from './event.ts';
import { matches } from './matches.ts';

export interface EventBusOptions {
  /** RuleModel of local/template has the shape. */
  readonly rules: readonly Pick<RuleModel, 'name' | 'enabled' | 'pattern' | 'targets'>[];
  /** Resolves when the invocation was accepted: the real one invokes asynchronously. `payload` is JSON text. */
  readonly invokeFunction: (functionArn: string, payload: string) => Promise<unknown>;
  readonly log: (line: string) => void;
  /** Before a target is tried again; AWS goes on within the target's policy, for up to a day. */
  readonly retryMilliseconds?: readonly number[];
}

export interface EventBus {
  /** Returns at once and never throws: to whoever sends, delivery is best effort. */
  put(event: BusEvent): void;
  /** Nothing is delivered any more, what waits to be tried again included. */
  close(): Promise<void>;
}

/** Three tries more: what a function here does not take after seconds, it will not take after a day. */
const RETRY_MILLISECONDS = [1000, 2000, 4000];

export function startEventBus(options: EventBusOptions): EventBus {
  const closed = new AbortController();
  const { log, retryMilliseconds = RETRY_MILLISECONDS } = options;

  const deliver = async (event: BusEvent, rule: string, target: RuleTargetModel): Promise<void> => {
    const payload = JSON.stringify(event);
    const waits = retryMilliseconds.slice(0, target.maximumRetryAttempts);
    for (let attempt = 0; !closed.signal.aborted; attempt++) {
      try {
        await options.invokeFunction(target.functionArn, payload);
        return;
      } catch (error) {
        const wait = waits[attempt];
        if (wait === undefined) {
          log(`rule ${rule}: its target ${target.id} did not take event ${event.id}: ${String(error)}`);
          return;
        }
        // Rejects when the bus is closed, which ends the loop too.
        await sleep(wait, undefined, { signal: closed.signal, ref: false }).catch(() => undefined);
      }
    }
  };

  return {
    put: (event) => {
      if (closed.signal.aborted) return;
      for (const { name, enabled, pattern, targets } of options.rules) {
        if (!enabled || !matches(pattern, event)) continue;
        for (const target of targets) void deliver(event, name, target);
      }
    },
    close: () => {
      closed.abort();
      return Promise.resolve();
    },
  };
}
