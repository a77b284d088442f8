/** What the stand-in is started with, and what of it can change while it runs. */
import { z } from 'zod';

const share = z.number().min(0).max(1);

const conditionFields = z.strictObject({
  /** Requests admitted in any one-second window; 0 = no limit. */
  ceiling: z.int().min(0),
  /** Mean service time, log-normal around it; 0 = answer at once. */
  latencyMs: z.number().min(0),
  /** This share of the requests takes `ms` instead. */
  latencyTail: z.strictObject({ share, ms: z.number().min(0) }),
  /** Share of requests answered 500 or 503. Half of the 500s did grant: a 5xx says nothing about the grant. */
  failRate: share,
  /** Share of keys that are rejected for good. */
  rejectRate: share,
  /** Share of requests that grant and are answered after 10 s. */
  timeoutRate: share,
  /** Share of requests whose connection breaks, half of them after the grant. */
  resetRate: share,
  /** Every connection that asks for a grant is reset, also those under way. */
  down: z.boolean(),
});

export type Conditions = z.infer<typeof conditionFields>;

/** Body of POST /control. */
export const conditionsChange = conditionFields.partial();
export type ConditionsChange = z.infer<typeof conditionsChange>;

// One draw decides between the three, so together they cannot be more than every request.
const ratesFit = (c: Pick<Conditions, 'failRate' | 'timeoutRate' | 'resetRate'>) =>
  c.failRate + c.timeoutRate + c.resetRate <= 1;
const ratesMessage = 'failRate + timeoutRate + resetRate must be at most 1';

/** @throws ZodError when the result is no possible set of conditions. */
export function changeConditions(current: Conditions, change: ConditionsChange): Conditions {
  return conditionFields.refine(ratesFit, ratesMessage).parse({ ...current, ...change });
}

const fields = conditionFields.shape;

export const moneyApiOptions = z
  .strictObject({
    /** 0 or none = a free port. */
    port: z.int().min(0).max(65535).default(0),
    apiKey: z.string().min(1),
    /** With the same seed, the same key meets the same faults, in whatever order the requests arrive. */
    seed: z.int().default(1),
    /** NDJSON file that remembers every key over restarts; none = in memory only. */
    ledgerFile: z.string().min(1).optional(),
    ceiling: fields.ceiling.default(1000),
    latencyMs: fields.latencyMs.default(0),
    latencyTail: fields.latencyTail.default({ share: 0, ms: 0 }),
    failRate: fields.failRate.default(0),
    rejectRate: fields.rejectRate.default(0),
    timeoutRate: fields.timeoutRate.default(0),
    resetRate: fields.resetRate.default(0),
    down: fields.down.default(false),
  })
  .refine(ratesFit, ratesMessage);

export type MoneyApiOptions = z.input<typeof moneyApiOptions>;
