import { InvalidArgumentError } from 'commander';
import { id } from '../../schema/promotion.ts';

export function promotionIdArgument(text: string): string {
  if (id.safeParse(text).success) return text;
  throw new InvalidArgumentError('It must be a number, the promotion_id.');
}
