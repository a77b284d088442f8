/** maxResults and nextToken over lists that only grow: a token is a position, so new entries move no page. */
import { ServiceError } from './errors.ts';

export interface PageRequest {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

export interface Page<T> {
  readonly entries: T[];
  readonly nextToken?: string;
}

/**
 * @param all in order of growth
 * @param newestFirst goes through them from the end
 * @throws ServiceError InvalidToken
 */
export function pageOf<T>(
  all: readonly T[],
  { maxResults, nextToken }: PageRequest,
  { newestFirst, keep = () => true }: { newestFirst: boolean; keep?: (entry: T) => boolean },
): Page<T> {
  // 0 is the protocol's way of saying the default.
  const limit = maxResults === undefined || maxResults === 0 ? 100 : maxResults;
  const entries: T[] = [];
  const step = newestFirst ? -1 : 1;
  let position = nextToken === undefined ? (newestFirst ? all.length - 1 : 0) : positionOf(nextToken);
  for (; position >= 0 && position < all.length; position += step) {
    const entry = all[position];
    if (entry === undefined || !keep(entry)) continue;
    if (entries.length === limit) return { entries, nextToken: tokenFor(position) };
    entries.push(entry);
  }
  return { entries };
}

function tokenFor(position: number): string {
  return Buffer.from(`position ${position}`).toString('base64url');
}

function positionOf(token: string): number {
  const [, position] = /^position (\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (position === undefined) throw new ServiceError('InvalidToken', `Invalid Token: '${token}'`);
  return Number(position);
}
