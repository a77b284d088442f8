/**
 * What AWS asks, in USD: list prices of ap-northeast-2 as of 2026-11, without free tiers and discounts. They are to be
 * checked against AWS's price pages; `--prices <file.json>` replaces any of them.
 */
import * as z from 'zod';

const usd = z.number().min(0);

const table = z.strictObject({
  region: z.string().min(1),
  /** yyyy-MM. */
  date: z.string().regex(/^\d{4}-\d{2}$/, 'must be a month, yyyy-MM'),
  lambda: z.strictObject({ perMillionRequests: usd, perGigabyteSecond: usd }),
  sqs: z.strictObject({ perMillionRequests: usd }),
  dataApi: z.strictObject({ perMillionRequests: usd }),
  stepFunctions: z.strictObject({ perThousandTransitions: usd }),
  logs: z.strictObject({ perGigabyte: usd }),
  aurora: z.strictObject({ perCapacityUnitHour: usd }),
});
export type Prices = z.infer<typeof table>;

/** A file names what it replaces, and nothing that does not exist: a misspelt price would be the list's. */
export const priceFile = table
  .extend({
    lambda: table.shape.lambda.partial(),
    sqs: table.shape.sqs.partial(),
    dataApi: table.shape.dataApi.partial(),
    stepFunctions: table.shape.stepFunctions.partial(),
    logs: table.shape.logs.partial(),
    aurora: table.shape.aurora.partial(),
  })
  .partial();

export const LIST_PRICES: Prices = {
  region: 'ap-northeast-2',
  date: '2026-11',
  /** arm64. */
  lambda: { perMillionRequests: 0.2, perGigabyteSecond: 0.000_013_333_4 },
  /** FIFO. */
  sqs: { perMillionRequests: 0.5 },
  dataApi: { perMillionRequests: 0.35 },
  /** Standard. */
  stepFunctions: { perThousandTransitions: 0.0271 },
  /** Ingestion. */
  logs: { perGigabyte: 0.76 },
  /** Serverless v2, standard configuration. */
  aurora: { perCapacityUnitHour: 0.2 },
};

/**
 * What a stage costs while nothing runs, in USD: the same list prices, which no plan of a run needs. The README's table
 * is made of them and of the templates (test/docs).
 *
 * Sources: AWS's price lists of the region as of 2026-10, as published by who has read them (endpoints, secrets, keys,
 * alarms, metrics, cache.t4g.micro); the nodes that are marked are estimates.
 */
export const STANDING_PRICES = {
  endpoints: { perZoneHour: 0.013 },
  /** Of Valkey, an hour. The estimates: Virginia's price at the ratio of the two regions for nodes of the same kind. */
  cacheNodes: {
    'cache.t4g.micro': 0.0192,
    // An estimate: 0.052 × 1.5.
    'cache.t4g.medium': 0.078,
    // An estimate: 0.1264 × 1.2.
    'cache.m7g.large': 0.151,
  },
  /** A month each; a key that rotates costs as much again for each of its first two rotations. */
  keys: { perKeyMonth: 1 },
  secrets: { perSecretMonth: 0.4 },
  /** Alarms are counted by the metrics that they watch. Metrics of our own count in hours in which they are sent. */
  cloudWatch: { perAlarmMetricMonth: 0.1, perMetricMonth: 0.3, perDashboardMonth: 3 },
} as const;

/** @throws ZodError that names what the file says and no table has */
export function withPrices(file: unknown): Prices {
  const given = priceFile.parse(file);
  return table.parse({
    ...LIST_PRICES,
    ...given,
    lambda: { ...LIST_PRICES.lambda, ...given.lambda },
    sqs: { ...LIST_PRICES.sqs, ...given.sqs },
    dataApi: { ...LIST_PRICES.dataApi, ...given.dataApi },
    stepFunctions: { ...LIST_PRICES.stepFunctions, ...given.stepFunctions },
    logs: { ...LIST_PRICES.logs, ...given.logs },
    aurora: { ...LIST_PRICES.aurora, ...given.aurora },
  });
}
