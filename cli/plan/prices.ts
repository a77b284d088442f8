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
