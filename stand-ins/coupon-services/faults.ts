/** What goes wrong with a service, on demand. */
import { z } from 'zod';
import { drawsFor } from '../random.ts';

const FAULTS = [
  /** 500. */
  'error',
  /** 429. */
  'rate-limited',
  /** Answered after 5 s: the contract's clients wait 3 s. */
  'late',
  /** No answer for 60 s, and then a broken connection. */
  'hang',
  /** The connection breaks. */
  'reset',
  /** 200, with a page in place of JSON. */
  'html',
  /** 200, with entries that lack what the contract requires of them. */
  'broken-entries',
  /** 200, with every entry twice. */
  'duplicates',
  /** 200, with every other entry left out: of members and stores that are known, nothing is said. */
  'half',
  /** 401. */
  'unauthorized',
] as const;
export const fault = z.enum(FAULTS);
export type Fault = z.infer<typeof fault>;

const faultRule = z.strictObject({
  /** Of several, each time one. */
  fault: z.union([fault, z.array(fault).min(1)]),
  /** Of the requests. */
  share: z.number().min(0).max(1).default(1),
  /** Requests that meet it, and then none does; without it all do until the next change. */
  times: z.int().min(1).optional(),
  /** By the contract's name; without it any. */
  operationId: z.string().optional(),
  /**
   * What is drawn for: each request by itself, or its body, so that whoever asks the same again meets the same fault again.
   */
  drawnBy: z.enum(['request', 'body']).default('request'),
});
export type FaultRule = z.input<typeof faultRule>;

/** Body of POST /faults: the first rule whose draw hits is met. None: all is well. */
export const faultRules = z.array(faultRule);

type ParsedRule = z.output<typeof faultRule>;

export class Faults {
  readonly #seed: number;
  #rules: readonly ParsedRule[] = [];
  /** By rule: how many requests met it. */
  #met: number[] = [];
  #requests = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get rules(): readonly ParsedRule[] {
    return this.#rules;
  }

  set(rules: readonly ParsedRule[]): void {
    this.#rules = rules;
    this.#met = rules.map(() => 0);
  }

  /** The one that a request meets. */
  take(operationId: string, body: string): Fault | undefined {
    this.#requests += 1;
    for (const [index, rule] of this.#rules.entries()) {
      const { share, times = Infinity, drawnBy } = rule;
      const met = this.#met[index] ?? 0;
      if (met >= times || (rule.operationId ?? operationId) !== operationId) continue;
      const draw =
        drawnBy === 'body'
          ? drawsFor(this.#seed, `${operationId} ${body}`, index)
          : drawsFor(this.#seed, String(this.#requests), index);
      if (draw() >= share) continue;
      this.#met[index] = met + 1;
      const of = [rule.fault].flat();
      return of[Math.floor(draw() * of.length)];
    }
    return undefined;
  }
}
