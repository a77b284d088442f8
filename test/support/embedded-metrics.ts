import { z } from 'zod';

/** A line in CloudWatch's embedded metric format. */
export const embeddedMetrics = z.looseObject({
  _aws: z.object({
    Timestamp: z.int(),
    CloudWatchMetrics: z.tuple([
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(
          z.object({ Name: z.string(), Unit: z.string(), StorageResolution: z.number().optional() }),
        ),
      }),
    ]),
  }),
});
