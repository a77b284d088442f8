/** Pages of schedules. One that ended is deleted between two pages, so a token is a name and not a position. */

export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly nextToken: string | undefined;
}

/** @param sorted by key */
export function pageAfter<Entry>(
  sorted: readonly Entry[],
  key: (entry: Entry) => string,
  { token, size }: { readonly token: string | undefined; readonly size: number },
): Page<Entry> {
  const after = token === undefined ? undefined : Buffer.from(token, 'base64url').toString();
  const rest = after === undefined ? sorted : sorted.filter((entry) => key(entry) > after);
  const entries = rest.slice(0, size);
  const last = entries.at(-1);
  const more = last !== undefined && rest.length > size;
  return { entries, nextToken: more ? Buffer.from(key(last)).toString('base64url') : undefined };
}
