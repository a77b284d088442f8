import { z } from 'zod';
import { authorizerOptions } from '../../iam/authorizer.ts';

/** A database cluster that the service answers for. */
export const databaseOptions = z.object({
  resourceArn: z.string(),
  /** The secrets that open it; what is in them is not looked at, the URL has the credentials. */
  secretArns: z.array(z.string()),
  /** mysql://user:password@host:port/… The schema is named by each call's `database`, as on AWS. */
  url: z.string().regex(/^mysql:\/\//, 'must be a mysql:// URL'),
});

export const rdsDataOptions = z.object({
  port: z.number().int().optional(),
  databases: z.array(databaseOptions),
  /** Without it everybody may do everything. */
  authorizer: authorizerOptions.optional(),
  /** Connections to each database and schema; calls beyond wait. */
  maxConnections: z.number().int().positive().default(64),
  /** The real limits, settable so that a test need not wait for them. */
  statementTimeoutMs: z.number().positive().default(45_000),
  transactionIdleMs: z.number().positive().default(180_000),
});

export type RdsDataOptions = z.input<typeof rdsDataOptions>;
export type ParsedRdsDataOptions = z.output<typeof rdsDataOptions>;
