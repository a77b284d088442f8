/** The states of a promotion, its targets and their results: the client's ERD, one place. */
import * as z from 'zod';

export const promotionType = z.enum(['VOUCHER', 'POINT']);
export type PromotionType = z.infer<typeof promotionType>;

export const promotionStatus = z.enum(['READY', 'IN_PROGRESS', 'COMPLETED', 'STOPPED', 'FAILED']);
export type PromotionStatus = z.infer<typeof promotionStatus>;

export const publishStatus = z.enum(['PENDING', 'PUBLISHED', 'FAILED']);
export type PublishStatus = z.infer<typeof publishStatus>;

export const processStatus = z.enum(['PENDING', 'SUCCESS', 'RETRYING', 'FAILED']);
export type ProcessStatus = z.infer<typeof processStatus>;

/** A database id. Never a JavaScript number: BIGINT is past 2^53. */
export const id = z
  .string()
  .regex(/^[1-9][0-9]{0,18}$/, 'must be a positive whole number of at most 19 digits');
