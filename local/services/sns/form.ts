/** The query protocol's way to say nested data: a flat form whose names are paths, with lists numbered from 1. */

export type Form = ReadonlyMap<string, string>;

/** @param prefix the list's path with its last dot, as in `MessageAttributes.entry.` */
export function members(form: Form, prefix: string): Form[] {
  const found = new Map<number, Map<string, string>>();
  for (const [name, value] of form) {
    const [, index, path] =
      /^(\d+)\.(.+)$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? [];
    if (index === undefined || path === undefined) continue;
    const member = found.get(Number(index)) ?? new Map<string, string>();
    found.set(Number(index), member.set(path, value));
  }
  return [...found].toSorted(([a], [b]) => a - b).map(([, member]) => member);
}
